// What tests/widget.test.mjs asks of the Markdown view alone, in real documents.
import { EVERYTHING, HOSTILE } from "/tests/widget/corpus.js";
import { MarkdownView, Words, highlight } from "/parts.js";

const context = { words: new Words(), copy() {}, highlight, imageHosts: [] };

/** Has the clock stand still, so that no piece waits for a later one. */
async function withoutRest(work) {
  const { now } = performance;
  performance.now = () => 0;
  try {
    return await work();
  } finally {
    performance.now = now;
  }
}

/** Shows pieces, each at once, and resolves with what is there when all colours have come. */
async function shown(pieces) {
  const root = document.createElement("div");
  document.body.append(root);
  const view = new MarkdownView(root, context);
  let source = "";
  for (const piece of pieces) {
    source += piece;
    view.show(source);
    void root.offsetHeight; // laid out, too
  }
  view.finish(source);
  await new Promise((resolve) => setTimeout(resolve));
  return { root };
}

const WITHOUT_DEFINITIONS = EVERYTHING.replace(/^\[late\].*\n/m, "");

const pieces = (text, size) => Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));

window.markdown = {
  names: Object.keys(HOSTILE),

  /** What one of the corpus did that it must not; undefined if nothing. */
  async harm(name) {
    const text = HOSTILE[name];
    for (const size of [text.length, Math.max(7, Math.ceil(text.length / 50))]) {
      const { root } = await shown(pieces(text, size));
      const made = [...root.querySelectorAll("*")];
      const foreign = made.find(({ localName }) => !/^(a|p|h[3-6]|div|span|ul|ol|li|blockquote|hr|br|table|thead|tbody|tr|th|td|pre|code|button|input|strong|em|del|svg|path)$/.test(localName));
      if (foreign) return `an element ${foreign.localName}`;
      const handler = made.flatMap((element) => element.getAttributeNames()).find((attribute) => /^(on|src|style|srcset|formaction|ping)/.test(attribute));
      if (handler) return `an attribute ${handler}`;
      const link = made.find((element) => element.localName === "a" && !/^(https?|mailto):$/.test(element.protocol));
      if (link) return `a link to ${link.href}`;
      const open = made.find((element) => element.localName === "a" && !["noopener", "noreferrer", "nofollow"].every((word) => element.relList.contains(word)));
      if (open) return "a link that tells where it was followed";
      root.remove();
    }
    return window.harmed && "a script that ran";
  },

  requests: () => performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => /harm|evil/.test(name)),

  /** How what is shown differs for some size of pieces; undefined if it does not. */
  difference: () => withoutRest(async () => {
    // With a definition the whole is read once more at the end, which would hide what went wrong before.
    for (const source of [EVERYTHING, WITHOUT_DEFINITIONS]) {
      const whole = (await shown([source])).root.innerHTML;
      for (let size = 1; size <= 40; size++) {
        const { root } = await shown(pieces(source, size));
        if (root.innerHTML !== whole) return `pieces of ${size}:\n${root.innerHTML}\nin place of\n${whole}`;
        root.remove();
      }
    }
    return undefined;
  }),

  /** What is shown of a source as it comes, letter by letter, that is not how the end begins; undefined if there is nothing. */
  strays: (source) => withoutRest(async () => {
    const { root: whole } = await shown([source]);
    const said = (root) => root.textContent.replace(/\s/g, "");
    const links = (root) => [...root.querySelectorAll("a")].map((link) => link.href);
    const [text, all] = [said(whole), links(whole)];
    const root = document.createElement("div");
    document.body.append(root);
    const view = new MarkdownView(root, context);
    for (let end = 1; end <= source.length; end++) {
      view.show(source.slice(0, end));
      if (!text.startsWith(said(root))) return `“${said(root)}” after “${source.slice(0, end)}”`;
      const stray = links(root).find((link) => !all.includes(link));
      if (stray) return `a link to ${stray} after “${source.slice(0, end)}”`;
    }
    view.finish(source);
    return root.innerHTML === whole.innerHTML ? undefined : `${root.innerHTML}\nin place of\n${whole.innerHTML}`;
  }),

  async text(source) {
    const { root } = await shown([source]);
    return root.textContent;
  },

  async html(source) {
    const { root } = await shown([source]);
    return root.innerHTML;
  },

  /** Presses the button of the image in a source, and resolves with what is there in its place. */
  async pressed(source) {
    const { root } = await shown([source]);
    root.querySelector("button").click();
    for (let i = 0; i < 200 && root.querySelector("img") && !root.querySelector("img").complete; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve));
    return root.innerHTML;
  },

  /** What is there of images that come letter by letter while the page trusts some hosts, and which of them the policy forbade. */
  async hosted(source, imageHosts) {
    const forbidden = [];
    let note;
    // An image that is refused after those says that they have been.
    const last = new Promise((resolve) => {
      note = ({ blockedURI }) => (blockedURI.startsWith("https://last.example") ? resolve() : forbidden.push(blockedURI));
    });
    document.addEventListener("securitypolicyviolation", note);
    context.imageHosts = imageHosts;
    const { root } = await withoutRest(() => shown(pieces(source, 1)));
    context.imageHosts = [];
    const image = new Image();
    const failed = new Promise((resolve) => image.addEventListener("error", resolve));
    image.src = "https://last.example/";
    await Promise.all([last, failed]);
    document.removeEventListener("securitypolicyviolation", note);
    return { forbidden, html: root.innerHTML };
  },

  /** How many steps drew, and how many nodes were made, while a long text came. */
  async work() {
    let nodes = 0;
    const make = document.createElement;
    document.createElement = function (...given) {
      nodes++;
      return make.apply(document, given);
    };
    const text = WITHOUT_DEFINITIONS.repeat(20);
    await withoutRest(() => shown(pieces(text, 16)));
    document.createElement = make;
    return { nodes, steps: Math.ceil(text.length / 16) };
  },
};
window.isReady = true;
