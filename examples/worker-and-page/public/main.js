const form = document.querySelector("form");
const output = document.querySelector("output");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  output.textContent = "";
  try {
    const body = JSON.stringify({ question: form.elements.question.value });
    const response = await fetch("/api/chat", { method: "POST", body });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) output.append(piece.value);
  } catch (error) {
    output.append(`\n${error.message}`);
  }
});
