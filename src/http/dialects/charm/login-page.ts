import { html } from "../../html.ts";

/** A page of its own: no script or style but what stands in it. @param nonce names them to the content policy */
export function renderLoginPage(port: number, nonce: string): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Log in to Charm on Runyard</title>
        <style nonce="${nonce}">
          ${{ html: style }}
        </style>
      </head>
      <body>
        <main>
          <h1>Log in the Charm command line</h1>
          <p>
            The <code>charm</code> command on this machine waits on port ${port}. Paste an API key of this server; it is
            checked and handed to the command, and to nobody else.
          </p>
          <form id="login" data-port="${port}">
            <label for="key">API key</label>
            <input id="key" name="key" type="password" autocomplete="off" spellcheck="false" required autofocus />
            <label for="email"
              >E-mail <span>(shown by <code>charm auth whoami</code>)</span></label
            >
            <input id="email" name="email" type="email" autocomplete="email" />
            <button id="submit">Log in</button>
            <p id="message" role="status" aria-live="polite"></p>
          </form>
        </main>
        <script nonce="${nonce}">
          ${{ html: script }};
        </script>
      </body>
    </html>`;
  return page.html;
}

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; }
  main { width: min(28rem, 100% - 3rem); padding: 2rem 0; }
  h1 { font-size: 1.4rem; }
  form { display: grid; gap: .4rem; }
  label { margin-top: .6rem; font-weight: 600; }
  label span { font-weight: 400; opacity: .7; }
  input, button { font: inherit; padding: .6rem .7rem; border-radius: .5rem; border: 1px solid #8888; }
  input { width: 100%; box-sizing: border-box; }
  button { margin-top: 1rem; border: 0; background: #2456d6; color: #fff; font-weight: 600; cursor: pointer; }
  button:disabled { opacity: .6; cursor: default; }
  :focus-visible { outline: 3px solid #6a9bff; outline-offset: 2px; }
  #message { min-height: 1.5em; margin: .6rem 0 0; }
  #message.wrong { color: #c62828; }
  #message.done { color: #2e7d32; font-weight: 600; }
`;

/** Everything a page is told is shown as text, never as markup. */
const script = `
  const form = document.getElementById("login");
  const message = document.getElementById("message");
  const button = document.getElementById("submit");
  const say = (text, kind) => { message.textContent = text; message.className = kind; };

  async function check(key) {
    const answer = await fetch(new URL("../v1/users/me", location.href), {
      headers: { authorization: "Bearer " + key },
      redirect: "error",
    });
    if (answer.status === 401) throw new Error("The server does not know this key.");
    if (!answer.ok && answer.status !== 403) throw new Error("The server answered " + answer.status + ". Try again.");
    return answer.ok ? await answer.json() : {};
  }

  async function hand(port, token, email) {
    const answer = await fetch("http://127.0.0.1:" + port + "/callback", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ access_token: token, user_email: email }),
    }).catch(() => { throw new Error("The charm command does not answer any more. Run charm auth login again."); });
    if (!answer.ok) throw new Error("The charm command refused the key: " + answer.status + ".");
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    say("Checking the key\\u2026", "");
    try {
      const key = form.elements.key.value.trim();
      const user = await check(key);
      const email = form.elements.email.value.trim() || user.email || user.user_id || user.id || "user";
      await hand(form.dataset.port, key, email);
      form.elements.key.value = "";
      say("You are logged in. You can close this page.", "done");
    } catch (error) {
      say(error.message, "wrong");
      button.disabled = false;
    }
  });
`;
