"use strict";
// Sign-in and sign-out of the start page; everything else on it is plain HTML.

async function call(method, body) {
  const answer = await fetch(`/api/method/${method}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(answer.status === 401 ? "账号或密码不正确。" : `登录失败（${answer.status}），请稍后再试。`);
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
  await call("logout", {}).catch(() => {});
  location.reload();
});
