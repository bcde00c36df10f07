// Our types beside those that openapi-typescript makes of OpenRouter's OpenAPI document: where they drift apart, it shows.
// The document is not in the repository, and nothing of it is: it is looked for beside it.
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../scripts/toolchain.mjs";
import { freshFolder, installTools, tools } from "./matrix/folder.mjs";
import { differences } from "./types/compare.mjs";

const path = process.env.OPENROUTER_OPENAPI ?? join(root, "..", "shared", "openrouter", "openrouter.openapi.yaml");
const skip = !existsSync(path) && `there is no OpenAPI document at ${path}`;

/**
 * What is right as it is, and why: `Type.field: difference`. Each has to be found, or it is to be taken out of here.
 * @type {[RegExp, string][]}
 */
const known = [
  [/^ChatRequest\.(audio|include_reasoning|preset|prompt|transforms|usage|verbosity|web_search_options): not in the document$/, "guides and the API's own answers have it"],
  [/^ChatRequest\.reasoning\.(context|enabled|exclude|max_tokens|mode): not in the document$/, "guides have it for chat, the document for responses only"],
  [/^ResponsesRequest\.reasoning\.exclude: not in the document$/, "the same, the other way round"],
  [/^ChatRequest\.messages\[\]<tool>\.name: not in the document$/, "OpenAI's clients send it"],
  [/^ChatRequest\.tools\[\]<function>\.eager_input_streaming: not in the document$/, "the guide to streaming has it"],
  [/\.annotations: not in the document$/, "guides and recorded answers have them"],
  [/^ChatCompletion(Chunk)?\.(provider|debug|choices\[\]\.native_finish_reason|choices\[\]\.delta\.images): not in the document$/, "recorded answers have it"],
  [/\.completion_tokens_details\.image_tokens: not in the document$/, "recorded answers have it"],
  [/^Messages(Event|Result).*\.usage\.cost: not in the document$/, "recorded answers have it"],
  [/\.(cache_control|prompt_cache_breakpoint): not in the document$/, "one type for a part wherever it is, and the guide to caching has it there"],
  [/^ImagesRequest\.input_references\[\]\.image_url\.detail: not in the document$/, "one type for a part wherever it is"],
  [/\.images\[\]\.(type|image_url\.detail): not in the document$/, "one type for a part wherever it is; recorded answers have the type"],
  [/^SpeechRequest\.input_references\[\]<input_audio>\.input_audio\.format: required here/, "one type for a part wherever it is"],
  [/\.tool_calls\[\]\.function\.arguments: optional here, required in the document$/, "recorded: some providers leave it out"],
  [/\.pdf\.engine: "pdf-text" is not declared$/, "deprecated; it is taken, as any text is"],
  [/^ChatRequest\.plugins\[\]<(moderation|web-fetch)>\.enabled: not in the document$/, "the other plugins have it, and the API takes it"],
  [/^ChatRequest\.provider\.max_price\.\w+: number here, none in the document$/, "the guide to routing writes numbers"],
  [/^Messages(Request|Result|Event).*<(\w+)>: not in the document$/, "one type for a block wherever it is, and Anthropic's own have more"],
  [/<tool_use>\.partial_json: not in the document$/, "ours, of a stream that was cut off"],
  [/<tool_use>\.input: (always|required) here, optional in the document$/, "it may be anything, which the document writes as nothing; recorded answers always have it"],
  [/^MessagesRequest\.messages: never null here/, "there is nothing to ask then"],
  [/^MessagesRequest\.model: optional here/, "`models` and presets stand for it"],
  [/^ResponsesRequest\.input\[\]\.content\[\]\.text: optional here/, "one type for every part"],
  [/^ResponsesRequest\.tools\[\]<function>\.parameters: optional here/, "the guide leaves it out of functions without any"],
  [/^ResponsesResult\.output\[\]<function_call_output>: not in the document$/, "one type for what is sent and what comes"],
  [/^ResponsesEvent\.part\.type: always here/, "each of its parts has one; the document's union says less"],
  [/^(Responses|Messages|Image)Event<(error|response\.failed)>: not declared$/, "the stream rejects with it"],
  [/^TranscriptionRequest\.(file: not in the document|input_audio: optional here)/, "`file` is ours: it becomes `input_audio`"],
  [/^ModelsQuery\.\w+: (list|boolean) here, none in the document$/, "ours: lists are joined, and booleans written out"],
  [/^ModelsQuery\.(distillable|zdr): no text here/, "the same"],
  [/^ModelsQuery\.\w+: never null here/, "a parameter that is not given is left out"],
  [/\.overrides\[\]\.utc_(start|end): text here/, "recorded model lists have texts"],
];

test("the OpenAPI document is there where recordings are required", () => {
  assert.ok(!(process.env.REQUIRE_RECORDINGS && skip), `REQUIRE_RECORDINGS is set, but ${skip}`);
});

describe("the types, beside OpenRouter's OpenAPI document", { skip }, () => {
  let ts;
  let folder;
  let interfaces;
  let checker;
  const found = [];

  before(async () => {
    await installTools();
    ({ folder } = await freshFolder());
    const load = (file) => import(pathToFileURL(join(tools, "node_modules", file)));
    const { default: openapi, astToString } = await load("openapi-typescript/dist/index.mjs");
    ({ default: ts } = await load("typescript/lib/typescript.js"));
    const work = join(folder, "types");
    mkdirSync(work);
    writeFileSync(join(work, "openapi.ts"), astToString(await openapi(pathToFileURL(path), { defaultNonNullable: false })));
    const pairs = join(work, "pairs.ts");
    cpSync(join(import.meta.dirname, "types", "pairs.ts"), pairs);

    const { ModuleKind, ModuleResolutionKind, ScriptTarget } = ts;
    const options = { strict: true, noEmit: true, module: ModuleKind.Preserve, moduleResolution: ModuleResolutionKind.Bundler, target: ScriptTarget.ES2022, types: [] };
    const program = ts.createProgram([pairs], options);
    checker = program.getTypeChecker();
    const wrong = ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
    assert.deepEqual(wrong, []);
    interfaces = program.getSourceFile(pairs).statements.filter(ts.isInterfaceDeclaration);
    const seen = new Set();
    for (const { name, members } of interfaces) {
      for (const member of members) {
        const [ours, theirs] = checker.getTypeArguments(checker.getTypeAtLocation(member));
        found.push(...differences(ts, checker, member.name.text, ours, theirs, name.text === "Requests", seen));
      }
    }
  });

  after(() => folder && rmSync(folder, { recursive: true, force: true }));

  test("each type of ours has one of the document's beside it", () => {
    const members = interfaces.flatMap(({ members }) => [...members]);
    assert.ok(members.length >= 25);
    for (const member of members) {
      const [ours, theirs] = checker.getTypeArguments(checker.getTypeAtLocation(member));
      for (const type of [ours, theirs]) assert.ok((type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Never)) === 0, member.name.text);
    }
  });

  test("what we declare is what the document has, but for what is known", () => {
    assert.deepEqual(found.filter((difference) => !known.some(([pattern]) => pattern.test(difference))), []);
  });

  test("what is known to be different still is", () => {
    assert.deepEqual(known.filter(([pattern]) => !found.some((difference) => pattern.test(difference))).map(([pattern]) => String(pattern)), []);
  });

  test("a comparison tells what differs, and nothing else", () => {
    const source = `
      type Open<Known extends string> = Known | (string & {});
      export type Ours = { same: string; choice?: Open<"a" | "gone">; never: string; kind: number; parts: ({ type: "x"; only: 1 } | { type: "old" })[]; shape: { known?: string }; more?: number; [field: string]: unknown };
      export type Theirs = { same: string; choice?: "a" | "b"; never: string | null; kind: string; parts: ({ type: "x" } | { type: "new" })[]; shape: { known?: string; extra?: string }; more: number; beside: 1 };`;
    const file = join(folder, "types", "example.ts");
    writeFileSync(file, source);
    const program = ts.createProgram([file], { strict: true, noEmit: true, types: [] });
    const own = program.getTypeChecker();
    const [, ours, theirs] = program.getSourceFile(file).statements.map((statement) => own.getTypeAtLocation(statement.name));
    assert.deepEqual(differences(ts, own, "T", ours, theirs, true, new Set()), [
      'T.choice: "b" is not declared',
      'T.choice: "gone" is not in the document',
      "T.kind: no text here, one in the document",
      "T.kind: number here, none in the document",
      "T.more: optional here, required in the document",
      "T.never: never null here, null in the document",
      "T.parts[]<new>: not declared",
      "T.parts[]<old>: not in the document",
      "T.parts[]<x>.only: not in the document",
      "T.shape.extra: not declared",
    ]);
  });
});
