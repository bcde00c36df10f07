// What a page does with a stream of OpenRouter's chunks: it adds up what they say.

export async function total(chunks) {
  const total = { events: 0, text: "", reasoning: "", tools: [], tokens: 0 };
  for await (const chunk of chunks) {
    total.events++;
    for (const { delta } of chunk.choices) {
      if (delta.content) total.text += delta.content;
      if (delta.reasoning) total.reasoning += delta.reasoning;
      if (delta.tool_calls) {
        for (const { index, function: part } of delta.tool_calls) total.tools[index] = (total.tools[index] ?? "") + part.arguments;
      }
    }
    if (chunk.usage) total.tokens = chunk.usage.total_tokens;
  }
  return total;
}
