"use strict";
// Sign-in and sign-out of the start page; everything else on it is plain HTML.

const problems = { 401: "账号或密码不正确。", 429: "尝试次数过多，请稍后再试。" };

async function call(method, body, token = "") {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (token) headers["X-Frappe-CSRF-Token"] = token;
  const answer = await fetch(`/api/method/${method}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(problems[answer.status] || `登录失败（${answer.status}），请稍后再试。`);
}

// The session's own token, without which it may not write.
async function csrfToken() {
  const answer = await fetch("/api/method/market_mgmt.api.auth.session", { headers: { Accept: "application/json" } });
  return answer.ok ? (await answer.json()).message.csrf_token : "";
}

async function signIn(usr, pwd) {
  const error = document.getElementById("login-error");
  error.textContent = "";
  try {
    await call("login", { usr, pwd });
    location.reload();
  } catch (problem) {
    error.textContent = problem.message;
  }
}

document.getElementById("login")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  signIn(form.get("usr"), form.get("pwd"));
});

for (const button of document.querySelectorAll(".accounts button"))
  button.addEventListener("click", () => signIn(button.dataset.user, button.dataset.password));

document.getElementById("logout")?.addEventListener("click", async () => {
  await csrfToken()
    .then((token) => call("logout", {}, token))
    .catch(() => {});
  location.reload();
});
