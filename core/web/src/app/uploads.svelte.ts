// Files on their way to the server, with progress. One list belongs to one form.
import { boot } from "./boot";
import { freshKey, Refusal } from "./api";
import { isPicture } from "./ours";
import { lang, t } from "./texts.svelte";

const TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"];
const MOST = 10;

export const accepted = TYPES.join(",");

export interface Upload {
  id: string;
  name: string;
  isPicture: boolean;
  /** What can be shown before the server has the file. */
  preview: string | null;
  /** 0 to 100. */
  percent: number;
  /** Where the file is, once it is there. */
  url: string | null;
  problem: string | null;
  /** Sends it once more, where that may help. */
  again: (() => void) | null;
}

/** Refusals of a file that is not wanted, however often it is sent. */
const FINAL = [400, 413, 415];

/** "2.4 MiB", "73 KiB". */
export function size(bytes: number): string {
  const count = (unit: number, digits: number) => Math.max(bytes / unit, 1).toLocaleString(lang(), { maximumFractionDigits: digits });
  return bytes < 1 << 20 ? `${count(1 << 10, 0)} KiB` : `${count(1 << 20, 1)} MiB`;
}

export class Uploads {
  all = $state<Upload[]>([]);
  readonly possible = boot.largestFile !== null;
  /** Whether files are held over the form. */
  dragging = $state(false);
  /** What a form listens to, so that files can be dropped on it and pasted into it. */
  readonly receiver = {
    ondragover: (event: DragEvent) => this.hover(event),
    ondragleave: () => (this.dragging = false),
    ondrop: (event: DragEvent) => this.receive(event, event.dataTransfer),
    onpaste: (event: ClipboardEvent) => isText(event.clipboardData) || this.receive(event, event.clipboardData),
  };
  private running = new Map<string, XMLHttpRequest>();

  get busy(): boolean {
    return this.all.some((upload) => !upload.url && !upload.problem);
  }

  /** Why a form cannot be sent yet: what was chosen is to be with it. */
  get hindrance(): string | null {
    if (this.busy) return t("upload.wait");
    return this.all.some((upload) => upload.problem) ? t("upload.refused") : null;
  }

  get urls(): string[] {
    return this.all.flatMap((upload) => upload.url ?? []);
  }

  /** Begins with files that are there already. */
  keep(urls: string[]): void {
    this.all = urls.map((url) => ({
      id: freshKey(),
      name: nameOf(url),
      isPicture: isPicture(url),
      preview: url,
      percent: 100,
      url,
      problem: null,
      again: null,
    }));
  }

  add(files: Iterable<File>): void {
    for (const file of files) {
      const isPicture = file.type.startsWith("image/");
      const upload: Upload = $state({
        id: freshKey(),
        name: file.name || t("upload.unnamed"),
        isPicture,
        preview: isPicture && TYPES.includes(file.type) ? URL.createObjectURL(file) : null,
        percent: 0,
        url: null,
        problem: this.objection(file),
        again: null,
      });
      this.all.push(upload);
      if (!upload.problem) this.send(file, upload);
    }
  }

  remove(id: string): void {
    this.running.get(id)?.abort();
    this.running.delete(id);
    const gone = this.all.find((upload) => upload.id === id);
    if (gone?.preview?.startsWith("blob:")) URL.revokeObjectURL(gone.preview);
    this.all = this.all.filter((upload) => upload.id !== id);
  }

  clear(): void {
    for (const upload of [...this.all]) this.remove(upload.id);
  }

  /** Ends what is under way, for good. What the server has stays there. */
  dispose(): void {
    for (const request of this.running.values()) request.abort();
    this.running.clear();
    for (const { preview } of this.all) if (preview?.startsWith("blob:")) URL.revokeObjectURL(preview);
  }

  private hover(event: DragEvent): void {
    if (!this.possible || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.dragging = true;
  }

  private receive(event: Event, data: DataTransfer | null): void {
    this.dragging = false;
    if (!data?.files.length || !this.possible) return;
    // Text is left to the field that has the focus.
    event.preventDefault();
    this.add(data.files);
  }

  /** Why `file` need not even be sent. The server decides by the bytes. */
  private objection(file: File): string | null {
    if (this.all.filter((upload) => !upload.problem).length >= MOST) return t("upload.too_many");
    if (!TYPES.includes(file.type)) return t("upload.wrong_type");
    const largest = boot.largestFile ?? 0;
    return file.size > largest ? t("upload.too_large", { size: size(largest) }) : null;
  }

  private send(file: File, upload: Upload): void {
    // `fetch` tells nothing of progress.
    const request = new XMLHttpRequest();
    this.running.set(upload.id, request);
    upload.percent = 0;
    upload.problem = upload.again = null;
    const fail = (reason: string) => {
      this.running.delete(upload.id);
      upload.problem = reason;
      if (!FINAL.includes(request.status)) upload.again = () => this.send(file, upload);
    };
    request.upload.onprogress = (event) => (upload.percent = Math.round((event.loaded / event.total) * 100));
    request.onerror = () => fail(t("trouble.unreachable"));
    request.onload = () => {
      this.running.delete(upload.id);
      const answer = parse(request.responseText);
      if (request.status === 200 && answer.url) {
        upload.percent = 100;
        upload.url = answer.url;
      } else {
        fail(Refusal.of(request.status, answer).message);
      }
    };
    const form = new FormData();
    form.append("file", file);
    request.open("POST", "/api/upload");
    request.send(form);
  }
}

/** Whether what is pasted is a text above all: office programs put a picture of it beside it. */
const isText = (data: DataTransfer | null): boolean => ["text/plain", "text/html"].every((type) => data?.types.includes(type));

/** What the file at `url` is called. Addresses that people write need not be well-formed. */
function nameOf(url: string): string {
  const name = url.split("/").at(-1) || url;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function parse(text: string): { url?: string; code?: string; error?: string } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
