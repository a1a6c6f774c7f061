// Who is invited, as the API names them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { invitee, siteOf } from "../src/chat/invitee.ts";

test("every form of the reference stays as it is, whatever else is chosen", () => {
  const forms = ["usr-01kb3x2v5q8m4n7p9r1s3t5v7w", "bot-01kb3x2v5q8m4n7p9r1s3t5v7w", "email_foo@x.com", "discord_80351110224678912", "reddit_spez", "80351110224678912", "t2_1w72", "spez", "some-body_else"];
  for (const form of forms) assert.equal(invitee("any", ` ${form} `), form);
});

test("what was typed gets the beginning that it lacks", () => {
  assert.equal(invitee("any", "foo@x.com"), "email_foo@x.com");
  assert.equal(invitee("email", "foo@x.com"), "email_foo@x.com");
  assert.equal(invitee("email", "email_foo@x.com"), "email_foo@x.com");
  assert.equal(invitee("discord", "80351110224678912"), "discord_80351110224678912");
  assert.equal(invitee("discord", "discord_80351110224678912"), "discord_80351110224678912");
  assert.equal(invitee("reddit", "spez"), "reddit_spez");
  assert.equal(invitee("reddit", "t2_1w72"), "reddit_t2_1w72");
});

test("names at Reddit may be written as Reddit writes them", () => {
  for (const name of ["u/spez", "/u/spez", "U/spez "]) {
    assert.equal(invitee("reddit", name), "reddit_spez");
    assert.equal(invitee("any", name), "reddit_spez");
  }
});

test("where somebody is looked for is told as the server tells it", () => {
  const places = {
    "usr-01kb3x2v5q8m4n7p9r1s3t5v7w": null,
    "bot-01kb3x2v5q8m4n7p9r1s3t5v7w": null,
    "email_foo@x.com": "email",
    "discord_80351110224678912": "discord",
    "80351110224678912": "discord",
    reddit_spez: "reddit",
    t2_1w72: "reddit",
    spez: "reddit",
    "1234567": "reddit",
    "usr-somebody": "reddit",
  };
  for (const [who, site] of Object.entries(places)) assert.equal(siteOf(who), site, who);
});
