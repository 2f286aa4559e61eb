"use strict";
// The box that is typed into and the list of what was found: `/` goes there, arrows move, Enter follows.

(() => {
  const box = document.getElementById("query");
  const list = document.getElementById("found");
  const told = document.getElementById("told");
  const kinds = document.getElementById("kinds");
  const kind = document.getElementById("kind");
  const tag = document.getElementById("tag");
  const filters = document.querySelector(".filters");
  const lasting = "lasting" in box.dataset; // the front page's list stays, that of other pages drops down

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  const result = (part) => {
    const link = element("a", "result");
    link.href = document.body.dataset.up + part.page;
    const known = part.package === "keras" || part.package === "kzoo";
    link.append(
      element("strong", "", part.name), " ",
      element("span", "kind-name", part.kind), " ",
      element("span", `badge ${known ? part.package : "other"}`, part.package),
      element("span", "said", part.summary || ""),
    );
    return link;
  };

  const show = () => {
    const query = box.value.trim();
    const [ofKind, withTag] = lasting ? [kind.value, tag.value] : ["", ""];
    const asked = query || ofKind || withTag;
    const parts = asked ? Search.find(query, ofKind, withTag) : [];
    const most = Number(box.dataset.most);
    const more = parts.length > most ? `, the first ${most} shown` : "";
    told.textContent = !asked ? "" : parts.length ? `${parts.length} found${more}` : "Nothing found.";
    list.replaceChildren(...parts.slice(0, most).map(result));
    if (!lasting && !parts.length) list.append(element("p", "none", told.textContent));
    list.hidden = !asked;
    if (kinds) kinds.hidden = Boolean(asked);
  };

  // The address says what is searched for, so that the way back leads to it.
  const remember = () => {
    const kept = new URLSearchParams();
    for (const [key, value] of [["q", box.value.trim()], ["kind", kind.value], ["tag", tag.value]]) {
      if (value) kept.set(key, value);
    }
    try {
      history.replaceState(null, "", kept.size ? `#${kept}` : location.pathname + location.search);
    } catch {
      // a browser that lets no file change its address
    }
  };

  const recall = () => {
    const kept = new URLSearchParams(location.hash.slice(1));
    box.value = kept.get("q") || "";
    kind.value = kept.get("kind") || "";
    offerTags(kept.get("tag") || "");
    show();
  };

  const offerTags = (chosen) => {
    const parts = PARTS.filter((part) => !kind.value || part.kind === kind.value);
    const known = [...new Set(parts.flatMap((part) => part.tags || []))].sort();
    tag.replaceChildren(new Option("any", ""), ...known.map((each) => new Option(each.replaceAll("_", " "), each)));
    tag.value = known.includes(chosen) ? chosen : "";
  };

  const links = () => [...list.querySelectorAll("a")];

  const move = (event) => {
    const all = links();
    const at = all.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && at + 1 < all.length) all[at + 1].focus();
    else if (event.key === "ArrowUp" && at >= 0) (at ? all[at - 1] : box).focus();
    else return;
    event.preventDefault();
  };

  const close = () => {
    box.value = "";
    box.dispatchEvent(new Event("input"));
    box.focus();
  };

  if (!lasting) box.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && links().length && !event.isComposing) {
      event.preventDefault();
      links()[0].click();
    } else if (event.key === "Escape") close();
    else move(event);
  });
  list.addEventListener("keydown", (event) => (event.key === "Escape" ? close() : move(event)));
  document.addEventListener("keydown", (event) => {
    const typing = /^(input|textarea|select)$/i.test(document.activeElement?.tagName || "");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
  document.addEventListener("click", (event) => {
    if (!lasting && !event.target.closest(".finder")) list.hidden = true;
  });
  box.addEventListener("focus", () => {
    if (!lasting && box.value) show();
  });
  if (!lasting) return;
  filters.hidden = false;
  for (const each of [box, kind, tag]) {
    each.addEventListener("input", () => {
      if (each === kind) offerTags(tag.value);
      show();
      remember();
    });
  }
  addEventListener("pageshow", recall);
})();
