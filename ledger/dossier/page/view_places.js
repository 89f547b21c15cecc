// Places as numbers: where acts took place, what is claimed or embedded, where findings say a picture was taken. No map is drawn.

function placesShown(book) {
  const rows = book.steps.flatMap((step) => placesOf(step).map(([what, place]) => placeRow(step, what, place, book)));
  if (!rows.length) return element("p", {}, "No place is recorded in the entries shown.");
  return table("Latitude and longitude in decimal degrees (WGS 84), as signed", ["Record", "About", "What", "Place", "Latitude", "Longitude", "Precision"], rows, "places");
}

function placesOf(step) {
  const { body } = step;
  const found = [["where the act took place", body.place], ["claimed", body.claimed && body.claimed.place], ["in the file", body.embedded && body.embedded.place]];
  return [...found, [["finding: ", outside(body.result || "")], body.geolocation]].filter(([, place]) => place);
}

function placeRow(step, what, place, book) {
  const number = (value) => (value === undefined ? "–" : element("span", { class: "number" }, outside(value)));
  return [[recordLink(step.index), step.fault ? element("strong", { class: "bad" }, " ✗") : null], book.subject(step.subject), what, place.text === undefined ? "–" : outside(place.text),
    number(place.latitude), number(place.longitude), place.precision_m === undefined ? "–" : `± ${grouped(place.precision_m)} m`];
}
