// What is read of a command while it is typed, and what is offered for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting, named, suggested } from "../src/chat/options.ts";
import { isCommand, needsMore, quoted, read, takesRest } from "../src/chat/typed.ts";

const parameter = (name, kind = "text", required = true, choices = []) => ({ name, description: "It.", kind, required, choices: choices.map((value) => ({ value, description: "" })) });
const command = (name, ...parameters) => ({ name, description: "Does it.", botId: "bot-1", botName: "Bot", usage: "", parameters });
const remind = command("remind", parameter("how", "text", true, ["in", "at"]), parameter("whom", "member", false), parameter("text", "text", false));
const all = [remind, command("reminders"), command("help"), command("mind")];

/** Reads a text in which | is the caret. */
function at(marked) {
  const caret = marked.indexOf("|");
  const text = marked.replace("|", "");
  const typed = read(text, caret, all);
  return typed && { of: typed.command?.name ?? null, for: typed.parameter?.name ?? null, word: typed.word, replaces: text.slice(typed.from, typed.to) };
}

test("the word at the caret is the name, or belongs to a parameter", () => {
  assert.deepEqual(at("/|"), { of: null, for: null, word: "", replaces: "/" });
  assert.deepEqual(at("/re|mi in"), { of: null, for: null, word: "re", replaces: "/remi" });
  assert.deepEqual(at("  /help|"), { of: null, for: null, word: "help", replaces: "/help" });
  assert.deepEqual(at("/remind |"), { of: "remind", for: "how", word: "", replaces: "" });
  assert.deepEqual(at("/remind i|n ann"), { of: "remind", for: "how", word: "i", replaces: "in" });
  assert.deepEqual(at('/remind in "Ann L|ee" x'), { of: "remind", for: "whom", word: "Ann L", replaces: '"Ann Lee"' });
  assert.deepEqual(at('/remind in "Ann \\"L|'), { of: "remind", for: "whom", word: 'Ann "L', replaces: '"Ann \\"L' });
  assert.deepEqual(at("/remind in | ann"), { of: "remind", for: "whom", word: "", replaces: "" });
  assert.deepEqual(at("/remind in ann to wa|ter\nall"), { of: "remind", for: "text", word: "to wa", replaces: "to water\nall" });
  assert.deepEqual(at("/help |"), { of: "help", for: null, word: "", replaces: "" });
});

test("what the server would not take for a command is none", () => {
  for (const text of ["hello|", "//help|", "|/help", "/unknown in|", "|", "a /help|"]) assert.equal(at(text), null, text);
  assert.deepEqual(["/x", " /x", "//x", "x /y", ""].map(isCommand), [true, true, false, false, false]);
});

test("it is known whether something must follow, and whether everything that follows belongs to a parameter", () => {
  assert.equal(needsMore(read("/remind", 7, all)), false, "the name itself has no parameter before it");
  assert.equal(needsMore(read("/remind in", 10, all)), false);
  const poll = command("poll", parameter("question"), parameter("option"));
  assert.equal(needsMore(read("/poll why", 9, [poll])), true);
  assert.deepEqual(remind.parameters.map((one) => takesRest(remind, one)), [false, false, true]);
});

test("values with spaces or quotation marks become one word", () => {
  assert.deepEqual(["ann", "Ann Lee", 'a "b" \\'].map(quoted), ["ann", '"Ann Lee"', '"a \\"b\\" \\\\"']);
  const text = `/remind in ${quoted('Ann "A" Lee')}`;
  assert.equal(read(text, text.length - 1, all).word, 'Ann "A" Lee');
});

test("commands that begin with what was typed come first", () => {
  assert.deepEqual(named(all, "MIND").map(({ value }) => value), ["/mind", "/remind", "/reminders"]);
  assert.deepEqual(named(all, "").length, 4);
});

test("members are found by each word of their name, and told apart by their ids where they share it", () => {
  const member = (id, username, online = false) => ({ id, username, online, isBot: false, role: "member" });
  const members = [member("1", "Ann Lee"), member("2", "Leo", true), member("3", "bob"), member("4", "Bob")];
  const offered = (word) => fitting({ ...read("/remind in x", 12, all), word }, members).map(({ value }) => value);
  assert.deepEqual(offered("le"), ["Leo", "Ann Lee"]);
  assert.deepEqual(offered("@ann"), ["Ann Lee"]);
  assert.deepEqual(offered("bo").sort(), ["3", "4"]);
});

test("what a bot suggests twice is offered once, at its first place", () => {
  const choices = ["tea", "coffee", "tea"].map((value, at) => ({ value, description: `${at}` }));
  assert.deepEqual(suggested(choices).map(({ value, about }) => [value, about]), [["tea", "0"], ["coffee", "1"]]);
});
