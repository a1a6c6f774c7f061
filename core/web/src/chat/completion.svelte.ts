// The list above the composer while a command is typed: what it offers, which entry is chosen, and what taking it does.
import { commands } from "./commands.svelte";
import { fitting, isClosed, named, suggested, type Option } from "./options";
import type { Room } from "./room.svelte";
import { isCommand, needsMore, quoted, read, takesRest, type Typed } from "./typed";
import type { Choice } from "./wire";

/** For how long nobody types before a bot is asked. */
const PAUSE = 200;

export class Completion {
  private text = $state("");
  private caret = $state(0);
  private focused = $state(false);
  /** The place in the command at which the list was closed. */
  private closedAt = $state("");
  /** The entry that was chosen, and in which list. */
  private chosen = $state({ list: "", at: -1 });
  private suggestions = $state.raw<{ place: string; choices: Choice[] }>({ place: "", choices: [] });
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The question that was asked last: answers to earlier ones come too late. */
  private asked = "";

  constructor(
    private readonly room: Room,
    private readonly write: (text: string, caret: number) => void,
  ) {}

  readonly typed: Typed | null = $derived.by(() => read(this.text, this.caret, commands.of(this.room.id)));
  readonly options: Option[] = $derived.by(() => (this.typed ? this.offer(this.typed) : []));
  /** Which of the list's entries is chosen; -1 for none. */
  readonly active: number = $derived.by(() => (this.chosen.list === this.list ? this.chosen.at : this.preferred));

  get open(): boolean {
    return this.focused && this.typed !== null && this.closedAt !== this.place && (this.options.length > 0 || this.typed.command !== null);
  }

  /** Where in a command the caret is. */
  private get place(): string {
    const { command, parameter } = this.typed ?? {};
    return command ? `${command.name} ${parameter?.name ?? ""}` : "/";
  }

  private get list(): string {
    return `${this.place} ${this.typed?.word} ${this.options.length}`;
  }

  /** Entries are chosen beforehand where one of them is needed. Elsewhere Enter sends what was typed. */
  private get preferred(): number {
    const typed = this.typed;
    if (!typed || !this.options.length) return -1;
    const needed = typed.word ? isClosed(typed) : typed.parameter?.required;
    return !typed.command || needed ? 0 : -1;
  }

  private offer(typed: Typed): Option[] {
    if (!typed.command) return named(commands.of(this.room.id), typed.word);
    if (isClosed(typed)) return fitting(typed, this.room.members);
    return this.suggestions.place === this.place ? suggested(this.suggestions.choices) : [];
  }

  /** Takes note of what stands in the composer. */
  look({ value, selectionStart }: HTMLTextAreaElement, focused: boolean): void {
    const changed = value !== this.text || selectionStart !== this.caret;
    [this.text, this.caret, this.focused] = [value, selectionStart, focused];
    if (!isCommand(value)) this.closedAt = "";
    else if (focused) void commands.need(this.room.id);
    if (changed) this.ask();
  }

  private ask(): void {
    clearTimeout(this.timer);
    const typed = this.typed;
    if (!typed?.command || !typed.parameter || isClosed(typed)) return;
    const [{ name }, parameter, word, place] = [typed.command, typed.parameter.name, typed.word, this.place];
    const question = `${place} ${word}`;
    this.asked = question;
    this.timer = setTimeout(async () => {
      const choices = await commands.suggest(this.room.id, name, parameter, word);
      if (this.asked === question) this.suggestions = { place, choices };
    }, PAUSE);
  }

  /** The composer lost the focus. */
  leave(): void {
    clearTimeout(this.timer);
    this.focused = false;
  }

  choose(at: number): void {
    this.chosen = { list: this.list, at };
  }

  /** Whether a key was meant for the list. */
  key(event: KeyboardEvent): boolean {
    if (!this.open || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.key === "Escape") {
      this.closedAt = this.place;
      return true;
    }
    if (!this.options.length) return false;
    const count = this.options.length;
    if (event.key === "ArrowDown") this.choose((this.active + 1) % count);
    else if (event.key === "ArrowUp") this.choose((Math.max(this.active, 0) + count - 1) % count);
    else if (event.key === "Tab") this.take(Math.max(this.active, 0));
    else if (event.key === "Enter" && this.active >= 0 && !this.isDone) this.take(this.active);
    else return false;
    return true;
  }

  /** Whether the chosen entry stands there already, and the command needs nothing after it. */
  private get isDone(): boolean {
    const typed = this.typed;
    const option = this.options[this.active];
    if (!typed || !option) return false;
    if (typed.command) return option.value === typed.word && !needsMore(typed);
    const command = commands.of(this.room.id).find(({ name }) => name === typed.word);
    return option.value === `/${typed.word}` && !command?.parameters[0]?.required;
  }

  /** Puts an entry in place of the word at the caret. */
  take(at: number): void {
    const typed = this.typed;
    const option = this.options[at];
    if (!typed || !option) return;
    const { command, parameter, from, to } = typed;
    const word = !command || (parameter && takesRest(command, parameter)) ? option.value : quoted(option.value);
    const next = command ?? commands.of(this.room.id).find(({ name }) => `/${name}` === option.value);
    const isLast = (parameter ?? null) === (next?.parameters.at(-1) ?? null);
    const rest = this.text.slice(to);
    const gap = isLast || /^\s/.test(rest) ? "" : " ";
    // On to the next word, if there is one.
    const caret = from + word.length + (isLast ? 0 : 1);
    this.write(this.text.slice(0, from) + word + gap + rest, caret);
  }
}
