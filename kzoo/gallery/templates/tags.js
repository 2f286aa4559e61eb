"use strict";
// On the page of a kind: only the parts with a tag. The address names the tag.

(() => {
  const bar = document.querySelector(".tags");
  if (!bar) return;
  const chips = [...bar.querySelectorAll(".chip")];
  const parts = [...document.querySelectorAll(".parts li")];
  const shown = document.getElementById("shown");
  const advice = [...document.querySelectorAll(".advice")];

  const show = () => {
    const asked = new URLSearchParams(location.hash.slice(1)).get("tag") || "";
    for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.dataset.tag === asked));
    for (const part of parts) part.hidden = asked !== "" && !part.dataset.tags.split("\n").includes(asked);
    for (const each of advice) each.hidden = asked !== each.dataset.for;
    const count = parts.filter((part) => !part.hidden).length;
    shown.textContent = asked ? `${count} of ${parts.length}: ${asked.replaceAll("_", " ")}` : "";
  };

  bar.hidden = false;
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      const pressed = chip.getAttribute("aria-pressed") === "true";
      location.hash = pressed ? "all" : `tag=${encodeURIComponent(chip.dataset.tag)}`;
    });
  }
  addEventListener("hashchange", show);
  show();
})();
