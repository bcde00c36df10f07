import { createApp } from "vue";
import "openrouter-wasm/widget/define";
import Desk from "./Vue.vue";

createApp(Desk).mount("main");
