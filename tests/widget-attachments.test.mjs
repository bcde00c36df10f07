// Files that go along with a message of `<openrouter-chat>`, in real browsers: chosen, pasted, dropped, shown.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import { Key } from "selenium-webdriver";
import { engines, openBrowser } from "./support/browsers.mjs";
import { Chat, delta, page } from "./support/chat.mjs";
import { serveFiles } from "./support/files.mjs";
import { MODELS } from "./upstream/models.mjs";
import { startUpstream } from "./upstream/server.mjs";

const folder = mkdtempSync(join(tmpdir(), "openrouter-files-"));

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A PNG: a sky over the sea, or with an alpha of its own. */
function png(width, height, alpha = 255) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 6], 8);
  const rows = Buffer.alloc((width * 4 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows.set([40 + (180 * y) / height, 90 + (100 * x) / width, y > height / 2 ? 120 : 220, alpha], y * (width * 4 + 1) + 1 + x * 4);
  }
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** Half a second of silence. */
function wav() {
  const data = Buffer.alloc(8000);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

const FILES = {
  "sea.png": png(640, 420),
  "large.png": png(3000, 2000),
  "glass.png": png(2600, 300, 90),
  "report.pdf": Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"),
  "words.wav": wav(),
  "notes.txt": Buffer.from("some notes"),
  "empty.txt": Buffer.alloc(0),
  "drawing.tiff": Buffer.from([0x49, 0x49, 0x2a, 0, 0xff, 0xfe, 0xfd]),
  "book.pdf": Buffer.alloc(8_000_000, "%PDF-1.4\n"),
  "part-1.pdf": Buffer.alloc(4_000_000, "%PDF-1.4\n"),
  "part-2.pdf": Buffer.alloc(4_000_000, "%PDF-1.4\n"),
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);

const takes = (row) => row.architecture.input_modalities;
const isChat = (row) => row.architecture.output_modalities.includes("text") && !/[:~]/.test(row.id);
const textOnly = MODELS.find((row) => isChat(row) && takes(row).join() === "text");
const seeing = MODELS.find((row) => isChat(row) && takes(row).includes("image") && !takes(row).includes("audio") && takes(row).includes("file"));
const hearing = MODELS.find((row) => isChat(row) && ["image", "audio", "file"].every((kind) => takes(row).includes(kind)));

let upstream;
let files;

before(async () => {
  upstream = await startUpstream();
  files = await serveFiles({ "/": page("/tests/browser/widget.js", '<main><h1 class="title">A page</h1><openrouter-chat></openrouter-chat></main>') }, upstream.url);
});

after(async () => {
  await files?.close();
  await upstream?.close();
});

for (const engine of engines) {
  describe(`in ${engine}`, () => {
    let browser;
    let chat;
    let driver;
    let count = 0;

    before(async () => {
      browser = await openBrowser(engine);
      driver = browser.driver;
      chat = new Chat(driver, files.url);
    });

    after(() => browser?.close());

    beforeEach(async () => {
      await chat.open();
      await chat.run("chat.suggestions = []; chat.model = arguments[0]", hearing.id);
    });

    /** Chooses files as by the button. */
    const choose = async (...names) => (await chat.find("form > input[type=file]")).sendKeys(names.map((name) => join(folder, name)).join("\n"));
    const cards = (...expected) => chat.shows("[part=attachment] .attachment-name", ...expected);
    /** What was sent last. */
    const sent = (model) => upstream.requests.findLast((request) => request.model === model).body.messages.at(-1).content;
    /** A model that nobody has listed. */
    const unlisted = () => {
      const model = `test/files-${engine}-${++count}`;
      upstream.define({ model, events: [delta("seen", "stop"), "[DONE]"] });
      return model;
    };
    /** Files dragged as a browser tells of it: no driver can drag from outside of it. */
    const drag = (type, ...given) =>
      chat.run(
        `const data = new DataTransfer(); for (const [name, text, type] of arguments[1]) data.items.add(new File([text], name, { type }));
         chat.shadowRoot.querySelector('.scroller').dispatchEvent(new DragEvent(arguments[0], { dataTransfer: data, bubbles: true, composed: true, cancelable: true }));`,
        type,
        given,
      );
    const paste = (types, ...given) =>
      chat.run(
        `const event = new Event('paste', { bubbles: true, composed: true, cancelable: true });
         Object.defineProperty(event, 'clipboardData', { value: { types: arguments[0], files: arguments[1].map(([name, text, type]) => new File([text], name, { type })) } });
         return chat.shadowRoot.querySelector('textarea').dispatchEvent(event);`,
        types,
        given,
      );

    test("files are shown with name, size and picture, can be removed, and go along with the words", async () => {
      const model = unlisted();
      await choose("sea.png", "report.pdf", "words.wav", "notes.txt");
      await cards("sea.png", "report.pdf", "words.wav", "notes.txt");
      await chat.says("[part=attachment] .attachment-size", /^10 byte$/);
      assert.match(await (await chat.find(".attachment-picture img")).getAttribute("src"), /^data:image\/png/);
      await chat.check(`attachments-tray-${engine}`);
      const remove = await chat.find("[data-kind=file] .attachment-remove");
      assert.equal(await remove.getAttribute("aria-label"), "Remove report.pdf");
      await remove.click();
      await cards("sea.png", "words.wav", "notes.txt");
      assert.equal(await chat.focused(), "textarea");
      await chat.ask(model, "Look", Key.ENTER);
      const content = sent(model);
      assert.deepEqual(content.map(({ type }) => type), ["text", "image_url", "input_audio", "text"]);
      assert.equal(content[1].image_url.url, `data:image/png;base64,${FILES["sea.png"].toString("base64")}`);
      assert.deepEqual([content[2].input_audio.format, content[2].input_audio.data], ["wav", FILES["words.wav"].toString("base64")]);
      assert.equal(content[3].text, "notes.txt:\n\nsome notes");
      await cards();
    });

    test("what was sent is shown: an image that opens larger, a file, and what plays a sound", async () => {
      const model = unlisted();
      await choose("sea.png", "report.pdf", "words.wav", "notes.txt");
      await cards("sea.png", "report.pdf", "words.wav", "notes.txt");
      await chat.ask(model, "Look", Key.ENTER);
      await chat.shows("[data-role=user] .body", "Look");
      await chat.shows("[data-role=user] .file span", "report.pdf", "notes.txt");
      assert.match(await (await chat.find("[data-role=user] audio")).getAttribute("src"), /^blob:/);
      await chat.until(() => chat.run("return chat.shadowRoot.querySelector('audio').error === null && chat.shadowRoot.querySelector('audio').controls"), "the player");
      await chat.check(`attachments-sent-${engine}`);
      await (await chat.find("[data-role=user] .image-open")).sendKeys(Key.ENTER);
      await chat.find("dialog.larger[open]");
      await chat.check(`attachments-larger-${engine}`);
      await driver.actions().sendKeys(Key.ESCAPE).perform();
      await chat.until(async () => (await chat.all("dialog.larger")).length === 0, "it is closed");
      assert.equal(await chat.focused(), "image-open");
      assert.deepEqual(await chat.happened("violation"), []);
    });

    test("a sound that is none is named, and what is not shown any more takes no room", async () => {
      await chat.run(`window.revoked = []; const revoke = URL.revokeObjectURL; URL.revokeObjectURL = (url) => { revoked.push(url); revoke.call(URL, url); };
        chat.messages = [{ role: "user", content: [{ type: "text", text: "Listen" }, { type: "input_audio", input_audio: { data: "***", format: "wav" } }] }]`);
      await chat.shows("[data-role=user] .file span", "Audio");
      await chat.run("chat.messages = [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: arguments[0], format: 'wav' } }] }]", FILES["words.wav"].toString("base64"));
      // Asked by a script: the driver holds on to the elements that it finds.
      const source = await chat.until(() => chat.run("return chat.shadowRoot.querySelector('audio')?.src"), "the player");
      await chat.run("chat.clear()");
      // Chromium alone collects what is not used when it is told to.
      if (engine !== "chromium") return;
      await chat.until(async () => {
        await driver.sendDevToolsCommand("HeapProfiler.collectGarbage");
        return (await chat.run("return window.revoked")).includes(source);
      }, "its bytes are given back");
    });

    test("files stay with a message that is said in other words", async () => {
      const model = unlisted();
      await choose("notes.txt");
      await cards("notes.txt");
      await chat.ask(model, "Read", Key.ENTER);
      await chat.type(Key.ARROW_UP);
      const editor = await chat.find(".editor textarea");
      assert.equal(await editor.getAttribute("value"), "Read");
      await editor.sendKeys(" it", Key.ENTER);
      await chat.until(async () => sent(model)[0].text === "Read it", "the new words");
      assert.equal(sent(model)[1].text, "notes.txt:\n\nsome notes");
    });

    test("a message that was refused is given back with its files", async () => {
      const model = `test/files-${engine}-${++count}`;
      upstream.define({ model, sequence: [{ status: 422, body: '{"error":{"code":422,"message":"No."}}' }, { events: [delta("seen", "stop"), "[DONE]"] }] });
      await choose("sea.png", "report.pdf", "words.wav", "notes.txt");
      await cards("sea.png", "report.pdf", "words.wav", "notes.txt");
      await chat.ask(model, "Look", Key.ENTER);
      const before = sent(model);
      await cards();
      await (await chat.find("[data-remedy=edit]")).click();
      await cards("image.png", "report.pdf", "audio.wav", "notes.txt");
      assert.equal(await chat.draft(), "Look");
      assert.deepEqual(await chat.all("article"), []);
      await chat.ask(model, Key.ENTER);
      assert.deepEqual(sent(model), before);
    });

    test("a file alone is a message, and one that a listener prevents keeps its files", async () => {
      const model = unlisted();
      await chat.run("chat.addEventListener('or-submit', (event) => { if (window.prevents) event.preventDefault(); }); window.prevents = true; chat.model = arguments[0]", model);
      await choose("notes.txt");
      await cards("notes.txt");
      await chat.type("Not yet", Key.ENTER);
      await cards("notes.txt");
      assert.equal(await chat.draft(), "Not yet");
      await chat.run("window.prevents = false; chat.setComposerValue('')");
      await chat.ask(model, "", Key.ENTER);
      assert.deepEqual(sent(model), [{ type: "text", text: "notes.txt:\n\nsome notes" }]);
    });

    test("an image larger than is useful is made smaller; what can be seen through stays so", async () => {
      const model = unlisted();
      await choose("large.png", "glass.png");
      await cards("large.png", "glass.png");
      await chat.shows(".attachment-picture", "", "");
      for (const text of await chat.texts("[part=attachment] .attachment-size")) assert.match(text, /· made smaller$/);
      await chat.ask(model, "Look", Key.ENTER);
      const [, large, glass] = sent(model);
      assert.match(large.image_url.url, /^data:image\/(webp|jpeg);/);
      assert.match(glass.image_url.url, /^data:image\/png;/);
      const sizes = await chat.wait(
        "return Promise.all(given[0].map(async (url) => { const image = new Image(); image.src = url; await image.decode(); return [image.naturalWidth, image.naturalHeight]; }))",
        [large.image_url.url, glass.image_url.url],
      );
      assert.deepEqual(sizes, [[2048, 1365], [2048, 236]]);
    });

    test("what cannot be sent is named, with the reason and what to do", async () => {
      await choose("empty.txt");
      await chat.says("[part=attachments-problem]", /^empty\.txt cannot be sent: it is empty\.$/);
      await choose("drawing.tiff");
      await chat.says("[part=attachments-problem]", /^drawing\.tiff cannot be sent: the models take images .* Convert it/);
      await choose("book.pdf");
      await chat.says("[part=attachments-problem]", /^book\.pdf cannot be sent: it has 8 MB, and 7\.5 MB is the most for PDFs\. Send a smaller one, or a part of it\.$/);
      await chat.check(`attachments-refused-${engine}`);
      await choose("part-1.pdf", "part-2.pdf");
      await chat.says("[part=attachments-problem]", /^part-2\.pdf cannot be sent: all files of a message may have 7\.5 MB together/);
      await cards("part-1.pdf");
      await chat.click("[part=attachments-problem] button");
      assert.deepEqual(await chat.all("[part=attachments-problem]"), []);
      await choose(...Array(10).fill("notes.txt"));
      await chat.says("[part=attachments-problem]", /^notes\.txt cannot be sent: 10 files are the most for one message/);
    });

    test("what the chosen model does not take is said before it is sent, and another model takes it", async () => {
      await choose("words.wav", "sea.png");
      await cards("words.wav", "sea.png");
      assert.deepEqual(await chat.all("[part=attachments-warning]:not([hidden])"), []);
      await chat.run("chat.model = arguments[0]", seeing.id);
      await chat.says("[part=attachments-warning]:not([hidden])", / does not take audio\. Choose a model that does/);
      await chat.shows("[data-refused] .attachment-name", "words.wav");
      await chat.run("chat.model = arguments[0]", textOnly.id);
      await chat.says("[part=attachments-warning]:not([hidden])", / does not take audio and images\./);
      await chat.type("Look", Key.ENTER);
      assert.deepEqual(await chat.happened("or-submit"), []);
      assert.equal(await chat.draft(), "Look");
      await chat.looks(engine, (look) => chat.check(`attachments-warning-${look}-${engine}`));
      await chat.click("[part=attachments-warning] button");
      await chat.find("dialog.picker[open]");
      await driver.actions().sendKeys(Key.ESCAPE).perform();
      await chat.run("chat.model = arguments[0]", hearing.id);
      await chat.until(async () => (await chat.all("[part=attachments-warning]:not([hidden])")).length === 0, "no warning");
      await chat.run("chat.model = arguments[0]", textOnly.id);
      await chat.says("[part=attachments-warning]:not([hidden])", /audio/);
      await (await chat.find("[data-kind=audio] .attachment-remove")).click();
      await (await chat.find("[data-kind=image] .attachment-remove")).click();
      await choose("notes.txt");
      await cards("notes.txt");
      assert.deepEqual(await chat.all("[part=attachments-warning]:not([hidden])"), [], "text is for everybody");
    });

    test("files are dropped anywhere on the chat, which says so", async () => {
      await drag("dragenter", ["a.txt", "dropped", "text/plain"]);
      await chat.until(async () => (await chat.all(".drop")).length === 1, "the part is loaded");
      await drag("dragover", ["a.txt", "dropped", "text/plain"]);
      await chat.says(".drop:not([hidden])", /^Drop files to send them along/);
      await chat.says(".drop:not([hidden]) p", /takes .*audio.* and text\.$/);
      await chat.photograph(`attachments-drop-${engine}`);
      await drag("dragleave", ["a.txt", "dropped", "text/plain"]);
      assert.equal((await chat.all(".drop:not([hidden])")).length, 0);
      await drag("dragenter", ["a.txt", "dropped", "text/plain"]);
      await drag("drop", ["a.txt", "dropped", "text/plain"]);
      await cards("a.txt");
      assert.equal((await chat.all(".drop:not([hidden])")).length, 0);
    });

    test("files, words and the cursor stay where the page changes what the chat says", async () => {
      const model = unlisted();
      await choose("notes.txt");
      await cards("notes.txt");
      await chat.type("Dra");
      await chat.run("chat.lang = 'de'; chat.strings = { send: 'Senden', attach: 'Dateien' }; chat.placeholder = 'Frage'; chat.suggestions = ['one']");
      await cards("notes.txt");
      assert.equal(await chat.focused(), "textarea");
      await driver.actions().sendKeys("ft").perform();
      assert.equal(await chat.draft(), "Draft");
      assert.deepEqual(await chat.run("return [...chat.shadowRoot.querySelectorAll('.composer textarea, .attach, .send')].map((each) => each.ariaLabel)"), ["Dateien", "Frage", "Senden"]);
      await drag("dragenter", ["more.txt", "more", "text/plain"]);
      await chat.find(".drop:not([hidden])");
      await drag("drop", ["more.txt", "more", "text/plain"]);
      await cards("notes.txt", "more.txt");
      await chat.ask(model, Key.ENTER);
      assert.deepEqual(sent(model).map(({ text }) => text), ["Draft", "notes.txt:\n\nsome notes", "more.txt:\n\nmore"]);
    });

    test("a message does not go without the files that were given before it, however it is sent", async () => {
      const model = unlisted();
      await chat.run("chat.model = arguments[0]; chat.setComposerValue('Read')", model);
      // What takes files is not loaded yet.
      await chat.run(
        `const event = new Event('paste', { bubbles: true, composed: true, cancelable: true });
         Object.defineProperty(event, 'clipboardData', { value: { types: [], files: [new File(['some notes'], 'notes.txt', { type: 'text/plain' })] } });
         chat.shadowRoot.querySelector('textarea').dispatchEvent(event);
         chat.shadowRoot.querySelector('form').requestSubmit();`,
      );
      await cards("notes.txt");
      assert.deepEqual([await chat.happened("or-submit"), await chat.draft()], [[], "Read"]);
      assert.equal(await chat.run("return chat.send()"), true);
      await chat.until(async () => upstream.requests.some((request) => request.model === model), "the request");
      assert.deepEqual(sent(model).map(({ text }) => text), ["Read", "notes.txt:\n\nsome notes"]);
      await cards();
      await chat.run("chat.disabled = true");
      assert.equal(await (await chat.find(".attach")).isEnabled(), false);
    });

    test("files are pasted, and a picture of copied text is not", async () => {
      assert.equal(await paste(["Files"], ["b.txt", "pasted", "text/plain"]), false);
      await cards("b.txt");
      assert.equal(await paste(["text/plain", "text/rtf", "Files"], ["c.txt", "x", "text/plain"]), true, "the text is the browser's to paste");
      assert.equal(await paste(["text/plain"]), true);
      await cards("b.txt");
    });

    test("it is accessible, in light and dark, from right to left, and at 320 pixels", async () => {
      await choose("sea.png", "report.pdf", "words.wav");
      await cards("sea.png", "report.pdf", "words.wav");
      await chat.looks(engine, (look) => chat.check(`attachments-${look}-${engine}`));
      await chat.run("chat.theme = 'light'; chat.dir = 'rtl'; chat.style.width = '320px'");
      assert.equal(await chat.run("const { scrollWidth, clientWidth } = chat.shadowRoot.querySelector('.chat'); return scrollWidth - clientWidth"), 0);
      const small = await chat.run("return [...chat.shadowRoot.querySelectorAll('.attachment-remove')].filter((each) => each.getBoundingClientRect().width < 24).length");
      assert.equal(small, 0);
      await chat.check(`attachments-narrow-${engine}`);
    });
  });
}
