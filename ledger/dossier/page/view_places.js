// Places as numbers: where acts took place, what is claimed or embedded, where findings say a picture was taken. No map is drawn.

const PLACE_HEADS = ["Record", "About", "What", "Place", "Latitude", "Longitude", "Precision"];

function placesShown(book) {
  const rows = book.steps.flatMap((step) => placesOf(step).map(([what, place]) => placeRow(step, what, place, book)));
  if (!rows.length) return element("p", {}, "No place is recorded in the entries shown.");
  return table("Latitude and longitude in decimal degrees (WGS 84), as signed", PLACE_HEADS, rows, "places");
}

// [what, place] of each that a step names.
function placesOf({ body }) {
  const of = (part) => (part ? part.place : undefined);
  const found = [["where the act took place", body.place], ["claimed", of(body.claimed)], ["in the file", of(body.embedded)],
    [lead("finding: ", body.result), body.geolocation]];
  return found.filter(([, place]) => place !== undefined);
}

function placeRow(step, what, place, book) {
  const number = (value) => given(value, (one) => element("span", { class: "number" }, outside(one))) || "–";
  const precision = given(place.precision_m, (one) => `± ${grouped(one)} m`) || "–";
  return [[recordLink(step.index), step.fault ? element("strong", { class: "bad" }, " ✗") : null], book.subject(step.subject), what, text(place.text) || "–",
    number(place.latitude), number(place.longitude), precision];
}
