// Filters the controls, and opens what printing needs. Without it the page shows everything.
(function () {
  "use strict";
  var form = document.getElementById("filter");
  if (!form) { return; }
  var controls = Array.prototype.slice.call(document.querySelectorAll("#controls details[data-status]"));
  var areas = Array.prototype.slice.call(document.querySelectorAll("#controls .fold"));
  var texts = controls.map(function (control) { return control.textContent.toLowerCase(); });
  var count = document.getElementById("filter-count");
  var waiting;

  function filter() {
    var words = form.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var wanted = { status: form.elements.status.value, severity: form.elements.severity.value, area: form.elements.area.value };
    var asked = words.length > 0 || Object.keys(wanted).some(function (name) { return wanted[name]; });
    var shown = 0;
    controls.forEach(function (control, place) {
      var fits = Object.keys(wanted).every(function (name) { return !wanted[name] || control.dataset[name] === wanted[name]; }) &&
        words.every(function (word) { return texts[place].indexOf(word) >= 0; });
      control.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    areas.forEach(function (area) {
      area.hidden = !area.querySelector("details[data-status]:not([hidden])");
      area.open = asked && !area.hidden;
    });
    count.textContent = asked ? shown + " of " + controls.length + " controls" : "";
  }

  // A link to a control leads to it, whatever was filtered and is folded.
  function lead() {
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !target.closest("#controls")) { return; }
    if (target.hidden || (target.closest(".fold") || target).hidden) { form.reset(); filter(); }
    for (var outer = target; outer; outer = outer.parentElement) {
      if (outer.tagName === "DETAILS") { outer.open = true; }
    }
    target.scrollIntoView();
  }

  form.hidden = false;
  form.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  form.addEventListener("reset", function () { setTimeout(filter, 0); });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  window.addEventListener("hashchange", lead);
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details.card, details.printed").forEach(function (part) { part.open = true; });
  });
  lead();
}());
