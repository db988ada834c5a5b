"use strict";
// Signs in and goes on to a page of this site.

const form = document.querySelector("form");

function onThisSite(address) {
  const target = new URL(address, location.origin);
  return target.origin === location.origin ? target.href : "/";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/api/method/login", { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (answer.ok) {
    location.href = onThisSite(form.dataset.target);
    return;
  }
  const body = await answer.json().catch(() => ({}));
  const said = JSON.parse(body._server_messages || "[]").map((entry) => JSON.parse(entry).message);
  form.querySelector("output").textContent = said[0] || body.message || answer.statusText;
});
