// `<openrouter-chat>` in React, as in Vue.vue and Svelte.svelte.
import { StrictMode, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import "openrouter-wasm/widget/define";
import { KEYS, MODELS, PERSIST, SUGGESTIONS, hasClient, isList, newClient, next, weather } from "./page.js";

function Desk() {
  const chat = useRef(null);
  const [model, setModel] = useState(MODELS[0]);
  const [theme, setTheme] = useState("dark");
  const [suggestions, setSuggestions] = useState(SUGGESTIONS[0]);
  const [isDisabled, setDisabled] = useState(false);
  const [temperature, setTemperature] = useState(0.5);
  const [title, setTitle] = useState("By day");
  const [isThere, setThere] = useState(true);
  const [generation, setGeneration] = useState(0);
  const [client] = useState(() => (hasClient ? newClient() : undefined));
  const [heard, setHeard] = useState([]);
  const [exported, setExported] = useState("");

  const hear = (line) => setHeard((before) => [...before, line]);
  const onSubmit = (event) => {
    if (event.detail.content === "Never") return event.preventDefault();
    event.detail.request.temperature = temperature;
    hear(`asked ${event.detail.content}`);
  };
  const onModelChange = (event) => {
    setModel(event.detail.model);
    hear(`chose ${event.detail.model}`);
  };
  const tools = [weather(({ city }) => {
    hear(`called for ${city}`);
    return { sky: title };
  })];

  return (
    <>
      <nav>
        <button id="model" onClick={() => setModel(next(MODELS, model))}>Model</button>
        <button id="theme" onClick={() => setTheme(theme === "dark" ? undefined : "dark")}>Theme</button>
        <button id="suggest" onClick={() => setSuggestions(next(SUGGESTIONS, suggestions))}>Suggest</button>
        <button id="disable" onClick={() => setDisabled(!isDisabled)}>Disable</button>
        <button id="warm" onClick={() => setTemperature(1.5)}>Warm</button>
        <button id="rename" onClick={() => setTitle("By night")}>Rename</button>
        <button id="mount" onClick={() => setThere(!isThere)}>Mount</button>
        <button id="renew" onClick={() => setGeneration(generation + 1)}>Renew</button>
        <button id="send" onClick={() => chat.current.send("From the page")}>Send</button>
        <button id="export" onClick={() => setExported(chat.current.exportMarkdown())}>Export</button>
      </nav>
      <p id="asks">{model}</p>
      <ol id="heard">{heard.map((line, index) => <li key={index}>{line}</li>)}</ol>
      <pre id="exported">{exported}</pre>
      {isThere && (
        <openrouter-chat
          key={generation}
          ref={chat}
          base-url="/api/v1"
          model={model}
          theme={theme}
          persist={PERSIST}
          disabled={isDisabled}
          client={client}
          suggestions={[...suggestions]}
          strings={{ chat: title }}
          tools={tools}
          onor-submit={onSubmit}
          onor-response-end={({ detail }) => hear(`answered ${detail.state}`)}
          onor-model-change={onModelChange}
        >
          <strong slot="header">{title}</strong>
        </openrouter-chat>
      )}
    </>
  );
}

function List() {
  const [keys, setKeys] = useState(KEYS);
  return (
    <>
      <button id="turn" onClick={() => setKeys(keys.toReversed())}>Turn</button>
      <ol>{keys.map((key) => <li key={key}><openrouter-chat id={key} base-url="/api/v1" model={`test/${key}`} /></li>)}</ol>
    </>
  );
}

createRoot(document.querySelector("main")).render(<StrictMode>{isList ? <List /> : <Desk />}</StrictMode>);
