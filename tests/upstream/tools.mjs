// Scenarios that call the caller's tools, in every shape that was seen on the wire, and answer once they have results.
import { words } from "./chat.mjs";
import { TEXT, scenario } from "./scenario.mjs";

/** Why the results of tools do not fit the calls, or null. The real router checks this, too. */
function faultOfResults({ messages, toolNames }) {
  const results = messages.filter(({ role }) => role === "tool");
  if (results.length > 0 && toolNames.length === 0) return "tools: must be sent again with the tool results";
  const called = new Set();
  for (const [i, message] of messages.entries()) {
    const end = messages.findIndex(({ role }, j) => j > i && role !== "tool");
    const answered = messages.slice(i + 1, end < 0 ? undefined : end).map(({ tool_call_id }) => tool_call_id);
    for (const { id } of message.tool_calls ?? []) {
      if (!answered.includes(id)) return `messages.${i}.tool_calls: no tool message answers the call ${id}`;
      called.add(id);
    }
  }
  const stray = results.find(({ tool_call_id }) => !called.has(tool_call_id));
  return stray ? `messages: there was no call ${stray.tool_call_id}` : null;
}

/**
 * Calls tools until they have answered; then the answer is a text that quotes the results.
 *
 * `calls(chat)` are the whole calls, `deltas(chat)` lists what each delta's `tool_calls` holds, `isDone(chat)` says
 * whether the answer is text. With `tool_choice: "none"` it is a text at once.
 */
function callsTools(
  calls,
  { deltas = (chat) => [calls(chat)], finish = "tool_calls", isDone = (chat) => chat.hasToolResult, ...changes } = {},
) {
  const isText = (chat) => isDone(chat) || chat.toolChoice === "none";
  const text = ({ toolResults }) => (toolResults.length > 0 ? `The tool said: ${toolResults.join(" | ")}` : TEXT);
  return scenario({
    message: (chat) => (isText(chat) ? { content: text(chat) } : { content: null, tool_calls: calls(chat) }),
    *deltas(chat) {
      if (isText(chat)) for (const content of words(text(chat))) yield { content };
      else for (const tool_calls of deltas(chat)) yield { content: null, tool_calls };
    },
    finish: (chat) => (isText(chat) ? "stop" : finish),
    ...changes,
  });
}

const call = (index, id, name, args) => ({ index, id, type: "function", function: { name, arguments: args } });
const fragment = (index, args) => ({ index, function: { arguments: args } });

const inBerlin = (id, name) => call(0, id, name, '{"city": "Berlin", "unit": "°C"}');
const berlin = (chat) => inBerlin("call_sim_1", chat.toolName());
const berlinInFragments = (chat) => [
  [call(0, "call_sim_1", chat.toolName(), "")],
  [fragment(0, "")],
  [fragment(0, '{"city": "Ber')],
  [fragment(0, 'lin", "unit": "°')],
  [fragment(0, 'C"}')],
];

/** Parallel calls with these ids, each whole in one delta. */
function twoCalls(firstId, secondId, change = (each) => each) {
  const calls = (chat) =>
    [
      call(0, firstId, chat.toolName(0), '{"city":"Tokyo"}'),
      call(1, secondId, chat.toolName(1), '{"city":"London"}'),
    ].map(change);
  return callsTools(calls, { deltas: (chat) => calls(chat).map((each) => [each]) });
}

const withoutIndex = ({ index: _, ...rest }) => rest;
const withArguments = (args) => (chat) => [{ ...berlin(chat), function: { name: chat.toolName(), ...args } }];

/** A name that is in no request. */
const unknownName = ({ toolNames }) => {
  let name = "no_such_tool";
  while (toolNames.includes(name)) name += "_either";
  return name;
};

export const TOOLS = {
  "sim/tools": callsTools((chat) => [berlin(chat)], { deltas: berlinInFragments }),
  "sim/tools-single": callsTools((chat) => [berlin(chat)]),
  "sim/tools-parallel": callsTools(
    (chat) => [berlin(chat), call(1, "call_sim_2", chat.toolName(1), '{"city":"Oslo"}')],
    {
      deltas: (chat) => [
        ...berlinInFragments(chat).slice(0, 3),
        [call(1, "call_sim_2", chat.toolName(1), "")],
        [fragment(1, '{"city":'), fragment(0, 'lin", "unit": "°C"}')],
        [fragment(1, '"Oslo"}')],
      ],
      fault: faultOfResults,
    },
  ),
  "sim/tools-loop": callsTools((chat) => [inBerlin(`call_sim_${chat.toolResults.length + 1}`, chat.toolName())], {
    number: 3,
    isDone: (chat) => chat.toolResults.length >= chat.number,
    fault: faultOfResults,
  }),
  "sim/tools-unknown": callsTools((chat) => [inBerlin("call_sim_1", unknownName(chat))], { fault: faultOfResults }),
  "sim/tools-duplicate-ids": twoCalls("call_sim_1", "call_sim_1"),
  "sim/tools-empty-ids": twoCalls("", ""),
  "sim/tools-no-index": twoCalls("call_sim_1", "call_sim_2", withoutIndex),
  "sim/tools-trailing-space": callsTools((chat) => [berlin(chat)], {
    deltas: (chat) => [...berlinInFragments(chat), [fragment(0, " ")], [fragment(0, "\n")]],
  }),
  "sim/tools-finish-stop": callsTools((chat) => [berlin(chat)], { deltas: berlinInFragments, finish: "stop" }),
  "sim/tools-missing-arguments": callsTools(withArguments({})),
  "sim/tools-cut-arguments": callsTools(withArguments({ arguments: '{"city": "Ber' }), { finish: "length" }),
};
