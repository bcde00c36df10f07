// What `<openrouter-chat>` keeps, in real browsers: over a reload, in several tabs, in several conversations, as files.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { Key } from "selenium-webdriver";
import { engines, openBrowser } from "./support/browsers.mjs";
import { Chat, delta, page } from "./support/chat.mjs";
import { serveFiles } from "./support/files.mjs";
import { startUpstream } from "./upstream/server.mjs";

let upstream;
let files;
let model;
const folder = mkdtempSync(join(tmpdir(), "openrouter-import-"));

const entry = (id, role, text, children = []) => ({ id, role, createdAt: 1, messages: [{ role, content: text }], parts: [{ type: "text", text }], sources: [], state: "done", shown: 0, children });
const thread = (id, ...entries) => ({ version: 1, id, shown: 0, entries });

before(async () => {
  upstream = await startUpstream();
  upstream.define({ model: (model = "test/keeping"), events: [delta("fine", "stop"), "[DONE]"] });
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
    let name;
    let count = 0;

    before(async () => {
      browser = await openBrowser(engine);
      driver = browser.driver;
      chat = new Chat(driver, files.url);
    });

    after(() => browser?.close());

    /** Opens the page and what it keeps under a name. */
    const open = async (persist = name) => {
      await chat.open();
      await chat.run("chat.persist = arguments[0]", persist);
      await chat.find("[part=conversations-button]");
    };
    const bodies = (...expected) => chat.shows("article .body", ...expected);
    const titles = (...expected) => chat.shows(".conversation-title", ...expected);
    /** How many revisions are kept, in all. */
    const revisions = () =>
      chat.wait(
        `const open = indexedDB.open("openrouter-chat:" + given[0]);
         const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
         const all = database.transaction("conversations").objectStore("conversations").getAll();
         const list = await new Promise((done) => (all.onsuccess = () => done(all.result)));
         database.close();
         return list.map(({ title, revision }) => [title, revision]);`,
        name,
      );
    const kept = (title) => chat.until(async () => (await revisions()).some(([each]) => each === title), `${title} is kept`);
    const ask = async (text) => {
      await chat.ask(model, text, Key.ENTER);
    };

    beforeEach(async () => {
      name = `test-${engine}-${++count}`;
      await open();
    });

    test("nothing is kept for those who do not ask for it", async () => {
      await chat.open();
      await ask("Forget this");
      assert.deepEqual(await chat.wait("return indexedDB.databases ? (await indexedDB.databases()).map(({ name }) => name).filter((each) => each === 'openrouter-chat:') : []"), []);
      assert.equal(await chat.run("return Object.keys(localStorage).length + Object.keys(sessionStorage).filter((each) => each === 'openrouter-chat:').length"), 0);
      assert.deepEqual(await chat.all("[part=conversations-button]"), []);
    });

    test("a conversation, its branches and the one that is shown are there after a reload", async () => {
      await ask("Keep this");
      await chat.click("[data-action=regenerate]");
      await chat.shows(".branch span", "2/2");
      await chat.click("[data-turn='-1']");
      await chat.shows(".branch span", "1/2");
      await chat.until(async () => (await revisions())[0]?.[1] >= 3, "it is kept");
      await open();
      await bodies("Keep this", "fine");
      await chat.shows(".branch span", "1/2");
    });

    test("what is typed is there after a reload, and each conversation has its own", async () => {
      await ask("First");
      await kept("First");
      await chat.type("half a thou");
      await chat.click("[part=new-chat-button]");
      assert.equal(await chat.draft(), "");
      await chat.type("something else");
      const drafts = () =>
        chat.wait(
          `const open = indexedDB.open("openrouter-chat:" + given[0]);
           const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
           const all = database.transaction("drafts").objectStore("drafts").getAll();
           const list = await new Promise((done) => (all.onsuccess = () => done(all.result)));
           database.close();
           return list.sort();`,
          name,
        );
      await chat.until(async () => JSON.stringify(await drafts()) === '["half a thou","something else"]', "both drafts");
      await open();
      await chat.until(async () => (await chat.draft()) === "something else", "the draft of the new chat");
      await chat.click("[part=conversations-button]");
      await titles("First");
      await chat.click(".conversation");
      await chat.until(async () => (await chat.draft()) === "half a thou", "the draft of the first");
      await bodies("First", "fine");
      await ask("ght");
      await chat.until(async () => JSON.stringify(await drafts()) === '["something else"]', "what was sent is no draft");
    });

    test("what is typed before a draft was found stays", async () => {
      await chat.open();
      await chat.run(`window.drafts = []; window.titles = [];
        chat.addEventListener("or-conversation-change", ({ detail }) => window.titles.push(detail.title));
        const kept = { version: 1, id: "old", title: "Old", createdAt: 1, updatedAt: 1, revision: 1, thread: arguments[0] };
        const found = new Promise((resolve) => (window.find = resolve));
        chat.keeping = { list: async () => [kept], read: async () => (await found, kept), remove: async () => {}, clear: async () => {}, write: async () => {},
          readDraft: async () => "from yesterday", writeDraft: async (id, text) => void window.drafts.push([id, text]) };`, thread("old", entry("q", "user", "Old", [entry("a", "assistant", "Old answer")])));
      await chat.find("[part=conversations-button]");
      await chat.type("from today");
      await chat.run("window.find()");
      await chat.until(() => chat.run("return window.titles.includes('Old')"), "the old one is shown");
      assert.equal(await chat.draft(), "from today");
      await chat.until(async () => JSON.stringify((await chat.run("return window.drafts")).at(-1)) === '["old","from today"]', "it is kept");
    });

    test("what is typed stays where the chat that it was typed in had nothing else to keep", async () => {
      await chat.type("half a thou");
      await chat.click("[part=new-chat-button]");
      assert.equal(await chat.draft(), "half a thou");
      await ask("ght");
      await bodies("half a thought", "fine");
      await kept("half a thought");
      const left = () => chat.wait(`const open = indexedDB.open("openrouter-chat:" + given[0]);
        const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
        const all = database.transaction("drafts").objectStore("drafts").getAll();
        const list = await new Promise((done) => (all.onsuccess = () => done(all.result)));
        database.close();
        return list;`, name);
      await chat.until(async () => (await left()).length === 0, "no draft is left");
    });

    test("conversations are listed by their first words, found, renamed and switched by the keyboard", async () => {
      await ask("Recipes for a winter evening");
      await kept("Recipes for a winter evening");
      await chat.click("[part=new-chat-button]");
      await ask("A haiku about the sea");
      await kept("A haiku about the sea");
      await chat.click("[part=conversations-button]");
      await chat.until(async () => (await chat.focused()) === "input", "the focus in the search");
      await titles("A haiku about the sea", "Recipes for a winter evening");
      await chat.photograph(`keeping-panel-${engine}`);
      const search = await chat.find("[part=conversations-search]");
      await search.sendKeys("winter rec");
      await titles("Recipes for a winter evening");
      await chat.says(".drawer-count", /^1 conversation$/);
      await search.sendKeys(Key.ARROW_DOWN, Key.TAB);
      assert.equal(await chat.focused(), "more");
      await driver.actions().sendKeys(Key.ENTER).perform();
      await chat.find("[data-action=rename]");
      await driver.actions().sendKeys(Key.TAB, Key.ENTER).perform();
      await chat.find(".renaming input");
      // Typed where the focus is: Chromium's driver takes it away before it types into an element.
      await driver.actions().sendKeys("Dinner", Key.ENTER).perform();
      await search.clear();
      await search.sendKeys(" ");
      await titles("A haiku about the sea", "Dinner");
      await search.sendKeys(Key.ARROW_DOWN);
      await driver.actions().sendKeys(Key.ARROW_DOWN, Key.ENTER).perform();
      await bodies("Recipes for a winter evening", "fine");
      assert.equal(await chat.focused(), "textarea");
      await ask("And one more");
      await chat.until(async () => (await revisions()).some(([title, revision]) => title === "Dinner" && revision > 4), "its own title stays");
      await driver.actions().keyDown(Key.SHIFT).sendKeys(Key.TAB).keyUp(Key.SHIFT).perform();
      await chat.run("chat.shadowRoot.querySelector('[part=conversations-search]').focus()");
      await driver.actions().sendKeys(Key.ESCAPE).perform();
      assert.match(await chat.run("return chat.shadowRoot.activeElement.getAttribute('part')"), /conversations-button/);
    });

    test("while one is renamed, a press on another one takes the new name and opens that", async () => {
      await ask("First");
      await kept("First");
      await chat.click("[part=new-chat-button]");
      await ask("Second");
      await kept("Second");
      await chat.click("[part=conversations-button]");
      await titles("Second", "First");
      await (await chat.all("[data-action=more]"))[0].click();
      await chat.click("[data-action=rename]");
      await chat.find(".renaming input");
      await driver.actions().sendKeys("Renamed").perform();
      const [other] = await chat.all(".conversation");
      await driver.actions().move({ origin: other }).press().perform();
      await titles("Renamed", "First");
      await kept("Renamed");
      await driver.actions().release().perform();
      await bodies("First", "fine");
    });

    test("what was deleted can be brought back", async () => {
      await ask("Precious");
      await kept("Precious");
      await chat.click("[part=conversations-button]");
      await chat.click("[data-action=more]");
      await chat.click("[data-action=delete]");
      await chat.says(".drawer-said", /^Deleted “Precious”\.Undo$/);
      assert.equal(await chat.focused(), "undo");
      await bodies();
      assert.deepEqual(await revisions(), []);
      await chat.click("[data-action=undo]");
      await titles("Precious");
      await bodies("Precious", "fine");
      assert.deepEqual((await revisions()).length, 1);
    });

    test("all is deleted, once somebody is sure", async () => {
      await ask("One");
      await kept("One");
      await chat.click("[part=conversations-button]");
      await chat.click("[data-action=delete-all]");
      assert.equal(await chat.focused(), "cancel");
      await driver.actions().sendKeys(Key.ESCAPE).perform();
      assert.equal(await chat.focused(), "delete-all");
      await titles("One");
      await chat.click("[data-action=delete-all]");
      await chat.click("[data-action=sure]");
      await chat.says(".drawer-count", /^Nothing is kept yet/);
      assert.deepEqual(await revisions(), []);
      await bodies();
    });

    test("what is deleted while its answer comes stays deleted", async () => {
      const slow = `test/deleted-${engine}`;
      upstream.define({ model: slow, events: [delta("slowly"), delta(" there", "stop"), "[DONE]"], stepped: true });
      await chat.click("[part=conversations-button]");
      for (const all of [false, true]) {
        await chat.run("chat.model = arguments[0]", slow);
        await chat.type("Gone", Key.ENTER);
        upstream.step(slow);
        await chat.says("article[data-role=assistant] .body", /^slowly$/);
        await titles("Gone");
        await chat.click(`[data-action=${all ? "delete-all" : "more"}]`);
        await chat.click(`[data-action=${all ? "sure" : "delete"}]`);
        await chat.says(".drawer-said", all ? /^All conversations/ : /^Deleted/);
        await bodies();
        // What is said next is written after anything that was still to be written.
        await ask("Next");
        await kept("Next");
        assert.deepEqual((await revisions()).map(([title]) => title), ["Next"]);
        await chat.click("[part=new-chat-button]");
        await chat.run("chat.shadowRoot.querySelector('[data-action=delete-all]').click()");
        await chat.click("[data-action=sure]");
        await chat.says(".drawer-said", /^All conversations/);
      }
    });

    test("where there is little room the list is a sheet over the chat, which keeps the focus", async () => {
      await chat.run("chat.style.width = '320px'");
      await ask("Narrow");
      await kept("Narrow");
      await chat.click("[part=conversations-button]");
      await titles("Narrow");
      await chat.photograph(`keeping-sheet-${engine}`);
      assert.equal(await chat.run("return chat.shadowRoot.querySelector('.foot').inert"), true);
      for (let i = 0; i < 12; i++) {
        await driver.actions().sendKeys(Key.TAB).perform();
        assert.ok(await chat.run("return Boolean(chat.shadowRoot.activeElement?.closest('.drawer'))"), `after ${i + 1} tabs`);
      }
      await driver.actions().sendKeys(Key.ESCAPE).perform();
      assert.equal(await chat.run("return chat.shadowRoot.querySelector('.foot').inert"), false);
      assert.match(await chat.run("return chat.shadowRoot.activeElement.getAttribute('part')"), /conversations-button/);
    });

    test("a chat that is taken off the page with the list open, and put back, can be used", async () => {
      await ask("Moved");
      await kept("Moved");
      const move = () => chat.wait("const place = chat.parentNode; chat.remove(); await new Promise((done) => setTimeout(done)); place.append(chat)");
      for (const width of ["320px", "900px"]) {
        await chat.run("chat.style.width = arguments[0]", width);
        await chat.click("[part=conversations-button]");
        await titles("Moved");
        await move();
        await chat.until(async () => (await chat.all(".drawer")).length === 0 && (await chat.all("[part=conversations-button]")).length === 1, "the list is gone");
        assert.deepEqual(await chat.run("return [chat.shadowRoot.querySelector('.foot').inert, chat.shadowRoot.querySelector('.chat').hasAttribute('data-panel')]"), [false, false], width);
      }
      await ask("Goes on");
      await bodies("Moved", "fine", "Goes on", "fine");
    });

    test("a change in one tab shows in the other, and two that write lose nothing", async () => {
      await ask("From the first tab");
      await kept("From the first tab");
      const first = await driver.getWindowHandle();
      await driver.switchTo().newWindow("tab");
      const second = await driver.getWindowHandle();
      try {
        await open();
        await bodies("From the first tab", "fine");
        await ask("From the second");
        await driver.switchTo().window(first);
        await bodies("From the first tab", "fine", "From the second", "fine");
        // Both write at once: here an answer is under way while the other tab says something.
        const slow = `test/slow-${engine}`;
        upstream.define({ model: slow, events: [delta("slowly"), delta(" there", "stop"), "[DONE]"], stepped: true });
        await chat.run("chat.model = arguments[0]", slow);
        await chat.type("Slow", Key.ENTER);
        upstream.step(slow);
        await chat.says("article[data-role=assistant] .body", /^slowly$/);
        await driver.switchTo().window(second);
        await ask("Meanwhile");
        await driver.switchTo().window(first);
        upstream.step(slow);
        upstream.step(slow);
        const said = () => chat.wait(`const open = indexedDB.open("openrouter-chat:" + given[0]);
           const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
           const all = database.transaction("threads").objectStore("threads").getAll();
           const list = await new Promise((done) => (all.onsuccess = () => done(all.result)));
           database.close();
           return JSON.stringify(list);`, name);
        await chat.until(async () => {
          const text = await said();
          return ["From the second", "Slow", "slowly there", "Meanwhile"].every((each) => text.includes(`"${each}"`));
        }, "what both have said");
        await chat.says("article[data-role=assistant] .body", /^slowly there$/);
        await chat.run("chat.shadowRoot.querySelector('[part=conversations-button]').click()");
        await chat.click("[data-action=more]");
        await chat.click("[data-action=delete]");
        await chat.says(".drawer-said", /^Deleted/);
        await driver.switchTo().window(second);
        await bodies();
      } finally {
        await driver.switchTo().window(second);
        await driver.close();
        await driver.switchTo().window(first);
      }
    });

    test("conversations go to files and come back", async () => {
      await chat.run(`window.saved = []; const click = HTMLAnchorElement.prototype.click;
        HTMLAnchorElement.prototype.click = function () { saved.push([this.download, fetchText(this.href)]); };
        const blobs = new Map(); const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => { const url = make.call(URL, blob); blobs.set(url, blob); return url; };
        window.fetchText = (url) => blobs.get(url).text();`);
      await ask("To a **file**");
      await kept("To a **file**");
      await chat.click("[part=conversations-button]");
      await chat.click("[data-action=more]");
      await chat.click("[data-action=markdown]");
      await chat.until(() => chat.run("return saved.length === 1"), "Markdown");
      await chat.click("[data-action=json]");
      await chat.until(() => chat.run("return saved.length === 2"), "JSON");
      const [markdown, json] = await chat.wait("return Promise.all(saved.map(async ([name, text]) => [name, await text]))");
      assert.deepEqual(markdown, ["To-a-file.md", "# To a **file**\n\n## You\n\nTo a **file**\n\n## Assistant\n\nfine\n"]);
      assert.equal(json[0], "To-a-file.json");
      const path = join(folder, "back.json");
      writeFileSync(path, json[1]);
      await chat.click("[data-action=delete]");
      await titles();
      await (await chat.find(".drawer-foot input")).sendKeys(path);
      await chat.says(".drawer-said", /^1 conversation imported\.$/);
      await titles("To a **file**");
      await chat.click(".conversation");
      await bodies("To a **file**", "fine");
    });

    test("a file that is no such conversation is named, with what is wrong with it", async () => {
      await chat.click("[part=conversations-button]");
      const conversation = (given) => JSON.stringify({ format: "openrouter-chat", version: 1, conversations: [{ title: "x", thread: given }] });
      const cases = {
        "text.json": ["not json", "it is not JSON"],
        "other.json": ['{"a":1}', "it does not come from this chat"],
        "future.json": ['{"format":"openrouter-chat","version":2}', "it is of version 2, and this chat reads version 1: export it again, or use a newer version of the chat"],
        "role.json": [conversation(thread("a", { ...entry("b", "user", "x"), role: "root" })), "conversations[0].thread.entries[0].role is root, and should be user, assistant"],
        "part.json": [conversation(thread("a", { ...entry("b", "user", "x"), parts: [{ type: "script" }] })), "conversations[0].thread.entries[0].parts[0].type is script, and should be text, reasoning, tool, image, file"],
        "twice.json": [conversation(thread("a", entry("b", "user", "x"), entry("b", "user", "y"))), "conversations[0].thread.entries[1].id has an id that another one has too"],
        "link.json": [conversation(thread("a", { ...entry("b", "user", "x"), sources: [{ url: "javascript:alert(1)", title: "x" }] })), "conversations[0].thread.entries[0].sources[0].url is javascript:alert(1), and should be https://…"],
      };
      for (const [file, [text, reason]] of Object.entries(cases)) {
        writeFileSync(join(folder, file), text);
        await (await chat.find(".drawer-foot input")).sendKeys(join(folder, file));
        await chat.until(async () => (await chat.texts(".drawer-failed")).at(-1) === `${file} cannot be imported: ${reason}.`, file).catch(async () => assert.equal((await chat.texts(".drawer-failed")).at(-1), `${file} cannot be imported: ${reason}.`));
      }
      await titles();
    });

    test("a thread that the element exported, and one that the local storage still has, are taken", async () => {
      writeFileSync(join(folder, "thread.json"), JSON.stringify(thread("t", entry("q", "user", "Exported", [entry("r", "assistant", "so")]))));
      await chat.click("[part=conversations-button]");
      await (await chat.find(".drawer-foot input")).sendKeys(join(folder, "thread.json"));
      await titles("Exported");
      await chat.run("localStorage.setItem('openrouter-chat:older-' + arguments[0], arguments[1])", engine, JSON.stringify({ ...thread(undefined, entry("o", "user", "Older")) }));
      await open(`older-${engine}`);
      await bodies("Older");
      assert.equal(await chat.run("return localStorage.getItem('openrouter-chat:older-' + arguments[0])", engine), null);
    });

    test("where IndexedDB is refused the text is kept without files, and the reader is told", async () => {
      const refuse = "Object.defineProperty(window, 'indexedDB', { value: { open() { throw new DOMException('no', 'SecurityError') } } })";
      await chat.open();
      await chat.run(refuse);
      await chat.run("chat.persist = 'refused'");
      await chat.says("[part=keeping-note]", /only the text/);
      const [{ error }] = await chat.happened("or-error");
      assert.equal(error.code, "keeping_textonly");
      await chat.run("chat.model = arguments[0]; chat.send([{ type: 'text', text: 'With a picture' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,' + 'A'.repeat(9000) } }])", model);
      await chat.until(() => chat.run("return Object.values(localStorage).some((text) => text.includes('With a picture') && text.includes('fine'))"), "it is kept");
      assert.equal(await chat.run("return Object.values(localStorage).some((text) => text.includes('AAAAAA'))"), false);
      await chat.open();
      await chat.run(refuse);
      await chat.run("chat.persist = 'refused'");
      await bodies("With a picture", "fine");
    });

    test("where nothing may be kept it lasts as long as the page, and the reader is told", async () => {
      await chat.open();
      await chat.run(`Object.defineProperty(window, 'indexedDB', { value: undefined });
        Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } }); chat.persist = 'nothing'`);
      await chat.says("[part=keeping-note]", /lasts as long as the page/);
      await chat.photograph(`keeping-note-${engine}`);
      await ask("In memory");
      await chat.click("[part=new-chat-button]");
      await chat.click("[part=conversations-button]");
      await titles("In memory");
      await chat.click(".conversation");
      await bodies("In memory", "fine");
    });

    test("what a newer version keeps is not written over", async () => {
      await chat.wait(`const open = indexedDB.open("openrouter-chat:newer", 99);
        await new Promise((done) => { open.onupgradeneeded = () => open.result.createObjectStore("theirs").put("precious", 1); open.onsuccess = done; });
        open.result.close();`);
      await open("newer");
      await chat.says("[part=keeping-note]", /newer version/);
      await ask("Careful");
      const left = await chat.wait(`const open = indexedDB.open("openrouter-chat:newer");
        await new Promise((done) => (open.onsuccess = done));
        const names = [...open.result.objectStoreNames]; const version = open.result.version; open.result.close(); return [version, names];`);
      assert.deepEqual(left, [99, ["theirs"]]);
    });

    test("where all that is kept is deleted under the chat, it keeps what is said on; a newer version is left alone", async () => {
      await ask("Before");
      await kept("Before");
      await chat.wait("const gone = indexedDB.deleteDatabase('openrouter-chat:' + given[0]); await new Promise((done, fail) => { gone.onsuccess = done; gone.onerror = fail; })", name);
      await ask("After");
      // Whoever opens it first makes it.
      await chat.until(() => chat.wait("return (await indexedDB.databases()).some(({ name }) => name === 'openrouter-chat:' + given[0])", name), "it is there again");
      await kept("Before");
      assert.deepEqual(await chat.texts("[part=keeping-note]"), []);
      await chat.wait(`const open = indexedDB.open("openrouter-chat:" + given[0], 99);
        await new Promise((done) => (open.onsuccess = done));
        open.result.close();`, name);
      await ask("Newer");
      await chat.says("[part=keeping-note]", /newer version/);
    });

    test("a file is kept beside its conversation, once, and is there after a reload", async () => {
      const url = `data:image/png;base64,${"iVBORw0KGgo".repeat(1000)}`;
      await chat.run("chat.model = arguments[0]; chat.send([{ type: 'text', text: 'A picture' }, { type: 'image_url', image_url: { url: arguments[1] } }])", model, url);
      await kept("A picture");
      await bodies("A picture", "fine");
      await ask("And more");
      const stored = () => chat.wait(`const open = indexedDB.open("openrouter-chat:" + given[0]);
        const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
        const transaction = database.transaction(["files", "threads"]);
        const all = (name) => new Promise((done) => { const request = transaction.objectStore(name).getAll(); request.onsuccess = () => done(request.result); });
        const found = [(await all("files")).length, JSON.stringify(await all("threads"))];
        database.close();
        return found;`, name);
      const [count, threads] = await chat.until(async () => { const found = await stored(); return found[1].includes("And more") && found; }, "it is kept");
      assert.equal(count, 1);
      assert.ok(threads.length < url.length, "the thread has no copy");
      await open();
      await bodies("A picture", "fine", "And more", "fine");
      assert.equal(await chat.run("return chat.messages[0].content[1].image_url.url"), url);
    });

    test("a file goes with what is said on after another tab has deleted the conversation", async () => {
      const url = `data:image/png;base64,${"iVBORw0KGgo".repeat(1000)}`;
      await chat.run("chat.model = arguments[0]; chat.send([{ type: 'text', text: 'A picture' }, { type: 'image_url', image_url: { url: arguments[1] } }])", model, url);
      await kept("A picture");
      await bodies("A picture", "fine");
      // As the other tab does, whose word has not come yet.
      await chat.until(async () => (await revisions())[0][1] >= 2, "its answer is kept");
      await chat.wait(`const open = indexedDB.open("openrouter-chat:" + given[0]);
        const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
        const names = [...database.objectStoreNames];
        const transaction = database.transaction(names, "readwrite");
        for (const each of names) transaction.objectStore(each).clear();
        await new Promise((done) => (transaction.oncomplete = done));
        database.close();`, name);
      await ask("And more");
      await chat.until(async () => (await revisions()).length === 1, "it is written again");
      await open();
      await bodies("A picture", "fine", "And more", "fine");
      assert.equal(await chat.run("return chat.messages[0].content[1].image_url.url"), url);
    });

    test("a host's own store is told of each change, and its refusal is told to the reader", async () => {
      await chat.open();
      await chat.run(`window.writes = []; window.isFull = true;
        chat.keeping = { list: async () => [], read: async () => undefined, remove: async () => {}, clear: async () => {},
          write: async (conversation) => { if (window.isFull) throw new DOMException("full", "QuotaExceededError"); window.writes.push([conversation.title, conversation.revision]); } };`);
      await chat.find("[part=conversations-button]");
      await ask("Too much");
      await chat.says("[part=keeping-note]", /no room left/);
      assert.ok((await chat.happened("or-error")).length > 0);
      await chat.run("window.isFull = false");
      await ask("Enough");
      await chat.until(() => chat.run("return window.writes.length > 0"), "it is written");
      await chat.until(async () => (await chat.all("[part=keeping-note]")).length === 0, "the note is gone");
      assert.deepEqual((await chat.run("return window.writes"))[0], ["Too much", 0]);
      const places = await chat.run("window.taken = []; chat.keeping = { load: async () => undefined, save: async (thread) => void window.taken.push('save'), clear: async () => void window.taken.push('clear') }; return window.taken");
      assert.deepEqual(places, []);
      await chat.until(async () => (await chat.all("[part=conversations-button]")).length === 0, "one thread has no list");
      await ask("One thread");
      await chat.click("[part=new-chat-button]");
      await chat.until(() => chat.run("return window.taken.includes('save') && window.taken.at(-1) === 'clear'"), "saved, and cleared");
    });

    test("of two that are chosen one after the other the last is shown, whichever is found first", async () => {
      await chat.open();
      await chat.run(`window.asked = []; const found = new Promise((resolve) => (window.find = resolve));
        const kept = arguments[0].map((thread) => ({ version: 1, id: thread.id, title: thread.id, createdAt: 1, updatedAt: 1, revision: 1, thread }));
        chat.keeping = { list: async () => kept, remove: async () => {}, clear: async () => {}, write: async () => {},
          read: async (id) => { window.asked.push(id); if (id === "b") await found; return kept.find((each) => each.id === id); } };`,
        ["a", "b", "c"].map((id) => thread(id, entry(`q${id}`, "user", `In ${id}`))));
      await bodies("In a");
      await chat.click("[part=conversations-button]");
      await titles("a", "b", "c");
      const [, second, third] = await chat.all(".conversation");
      await second.click();
      await chat.until(() => chat.run("return window.asked.includes('b')"), "b is looked for");
      await third.click();
      await bodies("In c");
      await chat.wait("window.find(); await new Promise((done) => setTimeout(done))");
      await bodies("In c");
    });

    test("what a place that the host has given up had kept is not shown, nor kept at the new one", async () => {
      await chat.open();
      await chat.run("window.saved = []; window.loading = new Promise((resolve) => (window.find = resolve)); chat.keeping = { load: () => (window.isAsked = true, loading), save: async () => {}, clear: async () => {} }");
      await chat.until(() => chat.run("return window.isAsked"), "the first is asked");
      await chat.run("chat.keeping = { load: async () => void (window.isNext = true), save: async (thread) => void window.saved.push(thread), clear: async () => {} }");
      await chat.until(() => chat.run("return window.isNext"), "the second is asked");
      await chat.wait("window.find(given[0]); await window.loading; await new Promise((done) => setTimeout(done))", thread("theirs", entry("q", "user", "Theirs")));
      await bodies();
      await ask("Mine");
      assert.ok((await chat.run("return window.saved")).every(({ entries }) => entries[0].parts[0].text === "Mine"));
    });

    test("what the store refuses to the list of conversations is told there, and nothing is said to be done that is not", async () => {
      await chat.open();
      await chat.run(`window.refused = "";
        const kept = { version: 1, id: "old", title: "Old", createdAt: 1, updatedAt: 1, revision: 1, thread: arguments[0] };
        const may = (name, value) => async () => { if (window.refused === name) throw new DOMException("broken", "UnknownError"); return value; };
        chat.keeping = { list: may("list", [kept]), read: may("read", kept), remove: may("remove"), clear: may("clear"), write: may("write") };`, thread("old", entry("q", "user", "Old", [entry("a", "assistant", "Old answer")])));
      await bodies("Old", "Old answer");
      await chat.click("[part=conversations-button]");
      await titles("Old");
      writeFileSync(join(folder, "refused.json"), JSON.stringify(thread("refused", entry("n", "user", "Refused"))));
      const actions = {
        clear: async () => {
          await chat.click("[data-action=delete-all]");
          await chat.click("[data-action=sure]");
        },
        write: async () => (await chat.find(".drawer-foot input")).sendKeys(join(folder, "refused.json")),
        read: () => chat.click("[data-action=export-all]"),
        remove: async () => {
          await chat.click("[data-action=more]");
          await chat.click("[data-action=delete]");
        },
        list: async () => {
          await chat.run("chat.openConversations()");
          await chat.until(() => chat.run("return chat.shadowRoot.querySelector('.drawer-place').hidden"), "it is closed");
          await chat.run("chat.openConversations()");
        },
      };
      for (const [name, act] of Object.entries(actions)) {
        await chat.run("window.refused = arguments[0]; happened.length = 0", name);
        await act();
        await chat.says(".drawer-failed[role=alert]", /^That could not be done/);
        assert.equal((await chat.happened("or-error")).length, 1, name);
        await chat.run("window.refused = ''; chat.shadowRoot.querySelector('.drawer-said').replaceChildren()");
        await titles("Old");
      }
    });

    test("what is said before the last conversation was found is another one, and stays", async () => {
      await chat.open();
      await chat.run(`window.writes = [];
        const kept = { version: 1, id: "old", title: "Old", createdAt: 1, updatedAt: 1, revision: 1, thread: arguments[0] };
        const found = new Promise((resolve) => (window.find = resolve));
        chat.keeping = { list: async () => [kept], read: async () => (await found, kept), remove: async () => {}, clear: async () => {},
          write: async ({ id, title }) => void window.writes.push([id, title]) };`, thread("old", entry("q", "user", "Old", [entry("a", "assistant", "Old answer")])));
      await chat.find("[part=conversations-button]");
      await ask("New");
      await chat.run("window.find()");
      await chat.until(() => chat.run("return window.writes.length > 0"), "it is written");
      assert.equal((await chat.all("article")).length, 2);
      assert.ok((await chat.run("return window.writes")).every(([id, title]) => id !== "old" && title === "New"));
    });

    test("it is accessible, in light and dark, and offends against no policy", async () => {
      await ask("Recipes for a winter evening");
      await kept("Recipes for a winter evening");
      await chat.click("[part=new-chat-button]");
      await ask("Ein Brief an die Hausverwaltung, in dem steht, dass die Heizung seit drei Wochen nicht geht");
      await chat.click("[part=conversations-button]");
      await chat.until(async () => (await chat.texts(".conversation-title")).length === 2, "both");
      await chat.click("[data-action=more]");
      await chat.looks(engine, (look) => chat.check(`keeping-list-${look}-${engine}`));
      await chat.run("chat.theme = 'light'; chat.dir = 'rtl'");
      await chat.photograph(`keeping-rtl-${engine}`);
      await chat.run("chat.dir = 'ltr'");
      await chat.click("[data-action=rename]");
      await chat.find(".renaming input");
      await chat.check(`keeping-renaming-${engine}`);
      await driver.actions().sendKeys(Key.ESCAPE).perform();
      await chat.click("[data-action=delete-all]");
      await chat.looks(engine, (look) => chat.check(`keeping-sure-${look}-${engine}`));
      await chat.click("[data-action=cancel]");
      await chat.run("chat.style.width = '360px'");
      await chat.until(() => chat.run("return chat.shadowRoot.querySelector('.drawer').getAttribute('role') === 'dialog'"), "a sheet");
      await chat.looks(engine, (look) => chat.check(`keeping-narrow-${look}-${engine}`));
      assert.deepEqual(await chat.happened("violation"), []);
    });
  });
}

