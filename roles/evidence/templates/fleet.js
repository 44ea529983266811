// Makes the rows of the table of hosts that are looked at, finds and sorts them. Without it the page shows the first ones.
(function () {
  "use strict";
  var form = document.getElementById("filter");
  var source = document.getElementById("fleet-data");
  if (!form || !source) { return; }
  var table = document.getElementById("host-table");
  var body = table.tBodies[0];
  var more = document.getElementById("more");
  var count = document.getElementById("filter-count");
  var known = JSON.parse(source.textContent);
  var silent = Number(table.dataset.silent);
  var alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  var svg = "http://www.w3.org/2000/svg";
  var at_once = 60;
  var printed = 200;
  var at = {};
  known.columns.forEach(function (name, place) { at[name] = place; });
  var texts = known.rows.map(function (row) {
    return [row[at.host], row[at.groups].join(" "), row[at.profile], row[at.image], row[at.image_version]].join(" ").toLowerCase();
  });
  var found = known.rows.map(function (row, place) { return place; });
  var shown = 0;
  var waiting;

  // What is not known comes last, whichever way the rest is sorted.
  var orders = {
    worst: function (one, other) { return by(one, other, "serious", -1) || by(one, other, "percent", 1); },
    host: function (one, other) { return one[at.host] < other[at.host] ? -1 : one[at.host] > other[at.host] ? 1 : 0; },
    percent: function (one, other) { return by(one, other, "percent", 1); },
    best: function (one, other) { return by(one, other, "percent", -1); },
    fail: function (one, other) { return by(one, other, "fail", -1); },
    overdue: function (one, other) { return by(one, other, "overdue", -1); },
    drift: function (one, other) { return by(one, other, "unexplained", -1) || by(one, other, "drift", -1); },
    age: function (one, other) { return by(one, other, "image_age", -1); },
    seen: function (one, other) { return by(one, other, "days", -1); }
  };
  var states = {
    serious: function (row) { return row[at.serious] > 0; },
    overdue: function (row) { return row[at.overdue] > 0; },
    unexplained: function (row) { return row[at.unexplained] > 0; },
    silent: function (row) { return row[at.days] > silent; },
    unchecked: function (row) { return row[at.percent] === null; }
  };

  function by(one, other, name, way) {
    var left = one[at[name]], right = other[at[name]];
    if (left === right) { return 0; }
    if (left === null || right === null) { return left === null ? 1 : -1; }
    return (left - right) * way;
  }

  function element(name, text, sort) {
    var made = document.createElement(name);
    if (text !== undefined) { made.textContent = text; }
    if (sort) { made.className = sort; }
    return made;
  }

  function cell(row, name, main, aside, sort) {
    var made = row.insertCell();
    made.dataset.name = name;
    made.appendChild(sort ? element("span", main, "tag " + sort) : document.createTextNode(main));
    if (aside) { made.appendChild(document.createElement("br")); made.appendChild(element("span", aside, "small soft")); }
    return made;
  }

  function spark(letters) {
    var points = [];
    for (var place = 0; place < letters.length; place++) {
      if (letters[place] !== "-") { points.push(2 * place + "," + Math.min(20, 20 - (alphabet.indexOf(letters[place]) - 25) * 0.8).toFixed(1)); }
    }
    var picture = document.createElementNS(svg, "svg");
    var line = document.createElementNS(svg, "polyline");
    picture.setAttribute("viewBox", "-1 -1 " + (2 * letters.length + 2) + " 22");
    picture.setAttribute("class", "spark");
    picture.setAttribute("aria-hidden", "true");
    line.setAttribute("points", points.join(" "));
    picture.appendChild(line);
    return picture;
  }

  function add(row) {
    var line = body.insertRow();
    var name = element("th", row[at.host]);
    name.scope = "row";
    if (row[at.groups].length) { name.appendChild(document.createElement("br")); name.appendChild(element("span", row[at.groups].join(", "), "small soft")); }
    line.appendChild(name);
    cell(line, "passed", row[at.percent] === null ? "not checked" : row[at.percent] + "%", row[at.profile]);
    cell(line, "trend", "").appendChild(spark(row[at.trend]));
    cell(line, "failed", row[at.fail] === null ? "not known" : String(row[at.fail] + row[at.error]), row[at.serious] ? row[at.serious] + " high or critical" : "");
    cell(line, "overdue", row[at.overdue] === null ? "not known" : String(row[at.overdue]));
    cell(line, "drift", row[at.drift] === null ? "not compared" : String(row[at.drift]), row[at.unexplained] ? row[at.unexplained] + " unexplained" : "");
    cell(line, "image", row[at.image] ? row[at.image] + " " + row[at.image_version] : "not known", row[at.image_age] === null ? "" : row[at.image_age] + " days old");
    cell(line, "last seen", row[at.seen], row[at.days] > silent ? row[at.days] + " days ago" : "");
  }

  function go_on(until) {
    var end = Math.min(found.length, until);
    for (; shown < end; shown++) { add(known.rows[found[shown]]); }
    more.hidden = shown >= found.length;
    more.textContent = "Show more of " + (found.length - shown) + " hosts";
  }

  function anew() {
    while (body.firstChild) { body.removeChild(body.firstChild); }
    shown = 0;
    go_on(at_once);
  }

  function filter() {
    var words = form.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var group = form.elements.group.value;
    var state = states[form.elements.state.value];
    var order = orders[form.elements.order.value];
    found = [];
    known.rows.forEach(function (row, place) {
      if ((!group || row[at.groups].indexOf(group) >= 0) && (!state || state(row)) &&
          words.every(function (word) { return texts[place].indexOf(word) >= 0; })) { found.push(place); }
    });
    found.sort(function (one, other) { return order(known.rows[one], known.rows[other]) || one - other; });
    count.textContent = found.length === known.rows.length ? "" : found.length + " of " + known.rows.length + " hosts";
    table.querySelectorAll("thead th").forEach(function (head) {
      head.setAttribute("aria-sort", head.dataset.order === form.elements.order.value ? head.dataset.way : "none");
    });
    anew();
  }

  table.querySelectorAll("thead th[data-order]").forEach(function (head) {
    // No button: Chromium leaves those out of a head that is printed again on the next page.
    var button = element("span", head.textContent);
    button.tabIndex = 0;
    button.setAttribute("role", "button");
    function sort() {
      form.elements.order.value = head.dataset.order === "percent" && form.elements.order.value === "percent" ? "best" : head.dataset.order;
      filter();
    }
    button.addEventListener("click", sort);
    button.addEventListener("keydown", function (event) { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(); } });
    head.textContent = "";
    head.appendChild(button);
  });
  form.hidden = false;
  form.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  form.addEventListener("reset", function () { setTimeout(filter, 0); });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  more.addEventListener("click", function () { go_on(shown + at_once); });
  if ("IntersectionObserver" in window) {
    new IntersectionObserver(function (seen) { if (seen[0].isIntersecting) { go_on(shown + at_once); } }, { rootMargin: "600px" }).observe(more);
  }
  window.addEventListener("beforeprint", function () {
    go_on(printed);
    while (body.rows.length > printed) { body.deleteRow(printed); }
    shown = body.rows.length;
    more.hidden = shown >= found.length;
  });

  // A link such as fleet.html#find=clinical leads to what it names.
  function lead() {
    if (location.hash.indexOf("#find=") !== 0) { return; }
    form.elements.search.value = decodeURIComponent(location.hash.slice(6));
    filter();
    form.scrollIntoView();
  }
  window.addEventListener("hashchange", lead);
  filter();
  lead();
}());
