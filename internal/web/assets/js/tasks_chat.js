// @ts-check
// The assistant's entry. Its address outside of a build, /tasks-assets/tasks_chat.js,
// imports this file of the page's own build; imports are static, so that the drawer
// answers clicks before the page counts as loaded.
import { startChat } from "./chat/index.js";
startChat();
