// Reads the invitation key from the fragment of the address, takes it out of the address bar, and
// shows the invitation card. The key is sent in a header to this server alone; it is never part of
// an address that the browser opens, and nothing is stored. The card is shown as plain text.

"use strict";

(() => {
  const part = (id) => document.getElementById(id);
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
  const spaceKey = /^[0-9a-f]{64}$/i;

  // Why an invitation is dead (docs/protocol/spaces.md section 11.2).
  const endings = {
    expired: "This invitation has expired.",
    max_uses: "This invitation has been used as often as it allows.",
    invitation_revoked: "The owner of the space has withdrawn this invitation.",
    invitation_rotated: "The owner of the space has replaced this invitation by a new one.",
    revoked: "The owner of the space has withdrawn this invitation.",
    revoked_by_holder: "This invitation has been given back by somebody who had it.",
    closed: "The space has been closed by its owner.",
    ttl: "The space has come to its planned end.",
    unused: "The space was closed because its owner never used it.",
    ownerless: "The space was closed because it had no owner any more.",
    operator: "The space was closed by the operator of this server.",
  };

  let invitation = null; // {space, key}: kept by this page only
  let card = "";
  let asked = 0; // the last question counts; the answer to an earlier one comes too late

  function show(lines, options = {}) {
    const state = part("state");
    state.replaceChildren();
    lines.forEach((line, at) => {
      const paragraph = document.createElement("p");
      if (options.trouble && at === 0) {
        paragraph.className = "trouble";
        const strong = document.createElement("strong");
        strong.textContent = line;
        paragraph.append(strong);
      } else {
        paragraph.textContent = line;
      }
      state.append(paragraph);
    });
    if (options.requestId) {
      const small = document.createElement("p");
      small.className = "small";
      small.textContent = "Request id: " + options.requestId;
      state.append(small);
    }
    part("again-row").hidden = !options.again;
    part("invitation").hidden = true;
  }

  function trouble(lines, options = {}) {
    show(lines, { ...options, trouble: true });
  }

  function showCard(text) {
    card = text;
    part("state").replaceChildren();
    part("again-row").hidden = true;
    part("card").textContent = text;
    part("copied").textContent = "";
    part("invitation").hidden = false;
  }

  function whenEnded(problem) {
    const at = new Date(problem.endedAt);
    if (!problem.endedAt || Number.isNaN(at.getTime())) return [];
    return ["Since " + at.toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" }) + "."];
  }

  const askForNew = "Ask whoever invited you for a new one.";

  function refused(status, problem) {
    const requestId = typeof problem.requestId === "string" ? problem.requestId : "";
    const dead = ["key_expired", "key_revoked", "space_closed"].includes(problem.code);
    if (dead) {
      const why = Object.hasOwn(endings, problem.reason) ? endings[problem.reason]
        : "This invitation is no longer good.";
      const next = problem.code === "space_closed" ? [] : [askForNew];
      trouble([why, ...whenEnded(problem), ...next]);
    } else if (problem.code === "key_unknown" || problem.code === "key_malformed") {
      trouble(["This server does not know this invitation.",
        "Was the link copied whole? Open it again, or ask whoever invited you for a new one."]);
    } else if (problem.code === "wrong_space") {
      trouble(["This link is damaged: its two halves belong to different spaces.", askForNew]);
    } else if (problem.code === "role_forbidden") {
      trouble(["This is not an invitation but the key of somebody in the space.",
        "Tell whoever sent it to replace that key at once, and to send you an invitation."]);
    } else if (status === 429) {
      const seconds = Number.isInteger(problem.retryAfter) ? problem.retryAfter : 60;
      trouble(["Too many requests came from your network.",
        "Try again in " + seconds + (seconds === 1 ? " second." : " seconds.")], { again: true });
    } else if (status >= 500) {
      trouble(["The server cannot answer at the moment.", "Try again in a few seconds."],
        { again: true, requestId });
    } else {
      trouble(["The server refused to show this invitation.", askForNew],
        { again: true, requestId });
    }
  }

  async function ask() {
    const mine = ++asked;
    show(["Reading the invitation\u2026"]);
    let status = 0;
    let text = "";
    try {
      const answer = await fetch("/space/" + invitation.space + "/.well-known/agent.md", {
        headers: { "X-Private-Key": invitation.key },
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
      });
      status = answer.status;
      text = await answer.text();
    } catch {
      if (mine !== asked) return;
      trouble(["The server cannot be reached.", "Are you online? The invitation may still be good."],
        { again: true });
      return;
    }
    if (mine !== asked) return;
    if (status === 200) {
      showCard(text);
      return;
    }
    let problem = null;
    try {
      problem = JSON.parse(text);
    } catch {
      // Not an answer of this service; the status says enough.
    }
    refused(status, problem !== null && typeof problem === "object" ? problem : {});
  }

  function begin() {
    const fragment = location.hash.slice(1);
    if (location.href.includes("#")) history.replaceState(null, "", location.pathname);
    const space = location.pathname.split("/")[2] ?? "";
    if (fragment === "") {
      trouble(["This link has no invitation in it.",
        "The part after the # is missing. It is taken out of the address bar once it has been read, "
          + "so after a reload open the link again from where you got it."]);
      return;
    }
    if (!uuid.test(space) || !spaceKey.test(fragment)) {
      trouble(["This link is not complete.",
        "Copy it whole, up to the last character, or ask whoever invited you for a new one."]);
      return;
    }
    invitation = { space: space.toLowerCase(), key: fragment.toLowerCase() };
    ask();
  }

  // Without a secure context (plain http on a local network) there is no clipboard to write to, and
  // the older way is the only one.
  function copyTheOldWay(text) {
    const field = document.createElement("textarea");
    field.value = text;
    field.setAttribute("readonly", "");
    field.setAttribute("aria-hidden", "true");
    document.body.append(field);
    field.select();
    let done = false;
    try {
      done = document.execCommand("copy");
    } catch {
      // done stays false
    }
    field.remove();
    return done;
  }

  async function copy(text, button, what) {
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      done = copyTheOldWay(text);
    }
    button.focus();
    if (done) {
      part("copied").textContent = what + " is copied. Paste it where you talk to your agent.";
      return;
    }
    getSelection().selectAllChildren(part("card"));
    part("copied").textContent =
      "Your browser does not let the page copy. The card is selected: copy it yourself.";
  }

  part("copy-link").addEventListener("click", (event) => {
    const path = "/space/" + invitation.space + "/" + invitation.key + "/.well-known/agent.md";
    copy(location.origin + path, event.currentTarget, "The link");
  });
  part("copy-card").addEventListener("click", (event) => {
    copy(card, event.currentTarget, "The card");
  });
  part("again").addEventListener("click", ask);
  // Another link to the same space, opened in this tab, changes the fragment alone.
  addEventListener("hashchange", begin);
  begin();
})();
