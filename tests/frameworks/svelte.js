import { mount } from "svelte";
import "openrouter-wasm/widget/define";
import Desk from "./Svelte.svelte";

mount(Desk, { target: document.querySelector("main") });
