"use strict";
// How well parts fit what was typed. Touches no page.

const Search = (() => {
  const fold = (text) => text.toLowerCase().replace(/[_\-\s]/g, "");
  const last = (dotted) => fold(dotted.slice(dotted.lastIndexOf(".") + 1));
  const words = (text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);

  const prepared = PARTS.map((part) => {
    const names = [part.name, ...(part.aliases || [])];
    const bare = part.name.slice(part.name.lastIndexOf("/") + 1);
    const elsewhere = part.elsewhere || [];
    return {
      part,
      name: fold(bare),
      full: fold(`${part.package}/${bare}`),
      aliases: (part.aliases || []).map(fold),
      elsewhere: elsewhere.map(fold),
      endings: elsewhere.map(last),
      words: [...new Set(names.flatMap(words))],
      labels: [part.kind, part.package, ...(part.tags || [])].map(fold),
      summary: words(part.summary || ""),
    };
  });

  // Exact names first, then beginnings of names; null where the whole of what was typed is in none.
  const ofNames = (each, typed) => {
    if (each.name === typed || each.full === typed) return 0;
    if (each.aliases.includes(typed)) return 1;
    if (each.elsewhere.includes(typed)) return 2;
    if (each.endings.includes(typed)) return 3;
    if (each.name.startsWith(typed)) return 4;
    if (each.aliases.some((name) => name.startsWith(typed))) return 5;
    if (each.endings.some((name) => name.startsWith(typed))) return 6;
    if (each.elsewhere.some((name) => name.startsWith(typed))) return 7;
    return null;
  };

  // How many letters to add, drop, change or swap; more than `most` counts as one more.
  const distance = (one, other, most) => {
    if (Math.abs(one.length - other.length) > most) return most + 1;
    let before = [];
    let row = Array.from({length: other.length + 1}, (_, index) => index);
    for (let i = 1; i <= one.length; i += 1) {
      const next = [i];
      for (let j = 1; j <= other.length; j += 1) {
        const same = one[i - 1] === other[j - 1];
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1));
        if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
          next[j] = Math.min(next[j], before[j - 2] + 1);
        }
      }
      if (Math.min(...next) > most) return most + 1;
      before = row;
      row = next;
    }
    return row[other.length];
  };

  // Typing errors: one in words of four letters, two in those of eight.
  const likeness = (typed, names) => {
    const most = typed.length < 4 ? 0 : typed.length < 8 ? 1 : 2;
    const near = most ? Math.min(...names.map((name) => distance(typed, name, most))) : most + 1;
    return near <= most ? 20 + near : null;
  };

  const ofWord = (each, word) => {
    const folded = fold(word);
    if (each.words.some((other) => other.startsWith(word))) return 8;
    if (each.labels.includes(folded)) return 9;
    if (each.labels.some((label) => label.startsWith(folded))) return 10;
    if (each.name.includes(folded) || each.aliases.some((name) => name.includes(folded))) return 11;
    if (each.summary.some((other) => other.startsWith(word))) return 12;
    if (each.elsewhere.some((name) => name.includes(folded))) return 13;
    return likeness(folded, each.words);
  };

  const rank = (each, query) => {
    const typed = fold(query);
    const whole = ofNames(each, typed);
    if (whole !== null) return whole;
    const ranks = query.toLowerCase().split(/\s+/).filter(Boolean).map((word) => ofWord(each, word));
    const like = likeness(typed, [each.name, ...each.aliases, ...each.endings]);
    return ranks.includes(null) ? like : Math.min(Math.max(...ranks), like ?? Infinity);
  };

  const fits = (part, kind, tag) =>
    (!kind || part.kind === kind) && (!tag || (part.tags || []).includes(tag));

  // Parts that fit, best first. Without a query: all of that kind and tag, by name.
  const find = (query, kind = "", tag = "") => {
    const typed = query.trim();
    return prepared
      .filter((each) => fits(each.part, kind, tag))
      .map((each) => ({part: each.part, rank: typed ? rank(each, typed) : 0, length: typed ? each.name.length : 0}))
      .filter((each) => each.rank !== null)
      .sort((a, b) => a.rank - b.rank || a.length - b.length || (a.part.name < b.part.name ? -1 : 1))
      .map((each) => each.part);
  };

  return {find};
})();
