// Saves the draft a while after something was typed, and says so. The form does everything without this.
(() => {
	"use strict";
	const form = document.getElementById("compose"), status = document.getElementById("autosave");
	if (!form || !status || !window.fetch) return;
	const every = 20000;
	let dirty = false, busy = false, stopped = false, timer = 0;

	const say = (text) => { status.textContent = text; };
	const later = () => { clearTimeout(timer); if (!stopped) timer = setTimeout(save, every); };

	async function save() {
		if (!dirty || busy || stopped) return;
		const data = new FormData(form);
		data.delete("attachments"); // files go with the button
		data.delete("action");
		data.append("action", "autosave");
		busy = true; dirty = false;
		const address = form.getAttribute("action"); // form.action is the buttons of that name
		try {
			const answer = await fetch(address, { method: "POST", body: data, headers: { Accept: "application/json" }, redirect: "error" });
			const said = await answer.json();
			say(said.message);
			if (answer.ok) {
				form.elements.version.value = said.version;
				if (said.address && form.getAttribute("action") !== said.address) {
					form.setAttribute("action", said.address);
					history.replaceState(null, "", said.address);
				}
			} else {
				dirty = true;
				stopped = answer.status === 409; // somebody saved meanwhile: the button shows both
			}
		} catch {
			dirty = true;
			say("Not saved: the server does not answer. What you typed is still here.");
		} finally {
			busy = false;
			if (dirty) later();
		}
	}

	form.addEventListener("input", () => { dirty = true; later(); });
	form.addEventListener("submit", () => { stopped = true; dirty = false; clearTimeout(timer); });
	window.addEventListener("beforeunload", (e) => { if (dirty) e.preventDefault(); });
	document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save(); });
	say("Saved by itself while you type.");
})();
