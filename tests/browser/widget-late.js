// A page that is faster than the widget's script.
const chat = document.querySelector("openrouter-chat");
chat.model = "the/model";
chat.options = { temperature: 0.1 };
chat.tools = [{ name: "f", parameters: { type: "object" } }];
chat.disabled = true;
chat.signIn = () => "in";
chat.highlight = () => undefined;
chat.imageHosts = ["*.example"];
chat.messages = [{ role: "user", content: "early" }, { role: "assistant", content: "bird" }];
window.chat = chat;
window.happened = [];
await import("/pkg/dist/widget/define.js");
window.isReady = true;
