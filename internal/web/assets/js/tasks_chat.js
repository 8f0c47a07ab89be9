// @ts-check
// The assistant's entry: an address that never changes. The modules behind it are
// taken from the page's own build.
const base = document.documentElement.dataset.assets ?? new URL("../", import.meta.url).pathname;
const { startChat } = await import(`${base}js/chat/index.js`);
startChat();
