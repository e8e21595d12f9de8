import assert from "node:assert/strict";
import test from "node:test";
import { firstHint } from "../../assets/panels/hints.js";
import { stripEntries } from "../../assets/panels/presented_legend.js";
import { stepTo } from "../../assets/panels/presentation.js";
import { linkTo } from "../../assets/panels/share.js";
import { nextTheme, resolvedTheme } from "../../assets/panels/theme.js";
import { suggestedTitle } from "../../assets/panels/views.js";
import { documentOf, formatViews, keptQuery, mergedViews, movedView, parseViews } from "../../assets/panels/views_file.js";

const two = [{ title: "Halides' anions", query: "?elements=F,Cl", note: "One arc." }, { title: "All", query: "", note: "" }];
const file = (views, more = {}) => JSON.stringify({ format: "platonic-atlas-views", version: 1, views, ...more });

test("what is written is read", () => {
  assert.deepEqual(parseViews(formatViews(two)), two);
  assert.deepEqual(documentOf(two).views[1], { title: "All", query: "" });
});

for (const [name, text, says] of [
  ["nothing", "", /no JSON/],
  ["a list", "[]", /"format"/],
  ["null", "null", /"format"/],
  ["another version", file([], { version: 2 }), /version 2/],
  ["no list", file({}), /list/],
  ["no object", file([1]), /View 1 is not an object/],
  ["no query", file([{ title: "a" }]), /View 1 needs a query/],
  ["a title that is none", file([two[0], { title: {}, query: "" }]), /View 2 needs a title/],
  ["an empty title", file([{ title: " \u0000 ", query: "" }]), /no title/],
  ["a long title", file([{ title: "a".repeat(201), query: "" }]), /201 characters/],
  ["a script", file([{ title: "a", query: "javascript:alert(1)" }]), /begin with/],
  ["another host", file([{ title: "a", query: "//elsewhere.org" }]), /begin with/],
  ["a long query", file([{ title: "a", query: `?${"x".repeat(8000)}` }]), /8,001 characters/],
  ["too many", file(Array(501).fill({ title: "a", query: "" })), /at most 500/],
  ["too much", " ".repeat(1e6 + 1), /1 MB/],
  ["too deep", "[".repeat(100_000), /no JSON/],
  ["an inherited query", '{"format":"platonic-atlas-views","version":1,"views":[{"title":"a","__proto__":{"query":""}}]}', /needs a query/],
])
  test(`a file with ${name} is refused with its reason`, () => assert.throws(() => parseViews(text), says));

test("unknown fields are left out and text is made safe to show", () => {
  const [view] = parseViews(file([{ title: "a\u202eb\ud800c\n", query: "?k=20", html: "<b>" }]));
  assert.deepEqual(view, { title: "a b c", query: "?k=20", note: "" });
});

test("merging adds what is new, at the end", () => {
  const more = [{ ...two[1] }, { title: "All", query: "?k=5", note: "" }];
  assert.deepEqual(mergedViews(two, more), [...two, more[1]]);
});

test("moving keeps all views, and stops at the ends", () => {
  const abc = ["a", "b", "c"];
  assert.deepEqual(movedView(abc, 0, 2), ["b", "c", "a"]);
  assert.deepEqual(movedView(abc, 2, 1), ["a", "c", "b"]);
  assert.equal(movedView(abc, 0, -1), abc);
  assert.equal(movedView(abc, 2, 3), abc);
  assert.equal(movedView(abc, 5, 0), abc);
});

test("a kept query names its atlas and leaves the theme to who looks", () => {
  assert.equal(keptQuery("", "a b"), "?atlas=a%20b");
  assert.equal(keptQuery("?k=20&theme=dark&find=a%26b", "one"), "?atlas=one&k=20&find=a%26b");
  assert.equal(keptQuery("?atlas=two&k=20", "one"), "?atlas=one&k=20");
});

test("a link is whole, and without the hash", () => {
  assert.equal(linkTo({ origin: "http://a.b:1", pathname: "/group/", hash: "#present" }, "?k=5"), "http://a.b:1/group/?k=5");
});

test("titles are proposed from what is shown", () => {
  const view = { models: ["7net-0", "chgnet-0.3.0"], find: "", elements: [] };
  assert.equal(suggestedTitle(view, { label: "Element group" }), "7net-0 and chgnet-0.3.0, by element group");
  assert.equal(suggestedTitle({ models: ["a", "b", "c"], find: "", elements: ["O", "S"] }, { label: "Period" }), "3 models, by period, O, S");
  assert.ok(suggestedTitle({ models: [], find: "", elements: [] }, null));
});

test("steps of a presentation hold at the ends", () => {
  assert.equal(stepTo(-1, 1, 3), 0);
  assert.equal(stepTo(-1, -1, 3), 0);
  assert.equal(stepTo(2, 1, 3), 2);
  assert.equal(stepTo(0, 1, 0), -1);
});

test("the theme of the address wins over the kept one, that over the system's", () => {
  assert.equal(resolvedTheme("light", "dark", true), "light");
  assert.equal(resolvedTheme("", "dark", false), "dark");
  assert.equal(resolvedTheme("", null, true), "dark");
  assert.equal(resolvedTheme("pink", "odd", false), "light");
});

test("turning the theme is seen at the first step, and comes back to the system's", () => {
  for (const systemDark of [true, false]) {
    const [same, other] = systemDark ? ["dark", "light"] : ["light", "dark"];
    assert.equal(nextTheme("system", systemDark), other);
    assert.equal(nextTheme(other, systemDark), same);
    assert.equal(nextTheme(same, systemDark), "system");
  }
});

test("hints begin where they were left, and not again once seen or where what is kept is damaged", () => {
  assert.equal(firstHint(null), 0);
  assert.equal(firstHint("2"), 2);
  assert.equal(firstHint("done"), -1);
  assert.equal(firstHint("7"), -1);
  assert.equal(firstHint("<b>"), -1);
});

test("the strip shows what has colour, and says how many more there are", () => {
  const entries = Array.from({ length: 20 }, (_, i) => ({ label: `e${i}`, n: i }));
  const { shown, more } = stripEntries(entries, ["e1"], 5);
  assert.deepEqual(shown.map((e) => e.label), ["e2", "e3", "e4", "e5", "e6"]);
  assert.equal(more, 13);
});
