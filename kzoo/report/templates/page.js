"use strict";
// Says which values lie under the pointer, or under the finger.
for (const svg of document.querySelectorAll("svg[data-readings]")) {
  const { label, at, x, values } = JSON.parse(svg.dataset.readings);
  const names = JSON.parse(svg.dataset.names);
  const pointer = svg.querySelector(".pointer");
  const reading = svg.parentElement.querySelector(".reading");
  const before = reading.textContent;
  if (!at.length) continue;
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const place = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    let nearest = 0;
    at.forEach((each, index) => {
      if (Math.abs(each - place) < Math.abs(at[nearest] - place)) nearest = index;
    });
    pointer.setAttribute("d", `M${at[nearest]} 12V${svg.viewBox.baseVal.height - 34}`);
    const shown = names.map((name, index) => [name, values[index][nearest]]).filter(([, value]) => value !== "");
    const said = shown.map(([name, value]) => (names.length > 1 ? `${name} ${value}` : value));
    reading.textContent = `${label} ${x[nearest]}: ${said.join(", ")}`;
  });
  svg.addEventListener("pointerleave", () => {
    pointer.setAttribute("d", "");
    reading.textContent = before;
  });
}
