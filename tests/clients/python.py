"""The Python `openai` package, driven by lines of JSON: a call comes in, its answer goes out.

In:  {"id": 1, "call": "chat", "arguments": [...], "to": {"base_url": ..., "api_key": ..., "max_retries": 0}}
     {"abort": 1}
Out: {"id": 1, "text": "a piece"}, then {"id": 1, "value": ...} or {"id": 1, "error": {...}} or {"id": 1, "aborted": true}
"""

import asyncio
import base64
import json
import sys

from openai import APIError, APIStatusError, AsyncOpenAI, OpenAI
from pydantic import BaseModel

MESSAGES = [{"role": "user", "content": "What is the weather?"}]
FORECAST = "sunny"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


class Person(BaseModel):
    name: str
    age: int


def chat(client, model):
    answer = client.chat.completions.create(model=model, messages=MESSAGES)
    choice = answer.choices[0]
    return {"text": choice.message.content, "finish": choice.finish_reason, "tokens": answer.usage.total_tokens}


async def stream(client, say, model):
    tokens = None
    options = {"include_usage": True}
    async with await client.chat.completions.create(model=model, messages=MESSAGES, stream=True, stream_options=options) as chunks:
        async for chunk in chunks:
            if chunk.choices and chunk.choices[0].delta.content:
                say(chunk.choices[0].delta.content)
            if chunk.usage:
                tokens = chunk.usage.total_tokens
    return {"tokens": tokens}


def tools(client, model):
    tool = {"type": "function", "function": {"name": "forecast", "description": "The weather of a city.", "parameters": CITY}}
    message = client.chat.completions.create(model=model, messages=MESSAGES, tools=[tool]).choices[0].message
    call = message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": FORECAST}
    second = client.chat.completions.create(model=model, messages=[*MESSAGES, message, result], tools=[tool])
    return {"given": json.loads(call.function.arguments)["city"], "text": second.choices[0].message.content}


def tools_stream(client, model):
    tool = {"type": "function", "function": {"name": "forecast", "description": "The weather of a city.", "parameters": CITY}}

    def whole(messages):
        with client.chat.completions.stream(model=model, messages=messages, tools=[tool]) as events:
            return events.get_final_completion().choices[0].message

    message = whole(MESSAGES)
    call = message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": FORECAST}
    # OpenRouter says the role in every chunk, and this helper puts them one behind the other.
    first = message.model_dump() | {"role": "assistant"}
    return {"given": json.loads(call.function.arguments)["city"], "text": whole([*MESSAGES, first, result]).content}


def structured(client, model):
    answer = client.chat.completions.parse(model=model, messages=MESSAGES, response_format=Person)
    return answer.choices[0].message.parsed.model_dump()


def models(client):
    return [model.id for model in client.models.list()]


def model(client, name):
    return client.models.retrieve(name).id


def responses(client, model):
    answer = client.responses.create(model=model, input=MESSAGES)
    return {"text": answer.output_text, "tokens": answer.usage.total_tokens}


def responses_stream(client, model):
    pieces = 0
    with client.responses.stream(model=model, input=MESSAGES) as events:
        for event in events:
            pieces += event.type == "response.output_text.delta"
        return {"text": events.get_final_response().output_text, "pieces": pieces}


def responses_tools(client, model):
    tool = {"type": "function", "name": "forecast", "parameters": CITY, "strict": True}
    first = client.responses.create(model=model, input=MESSAGES, tools=[tool])
    call = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": FORECAST}
    second = client.responses.create(model=model, input=[*MESSAGES, *first.output, result], tools=[tool])
    return {"given": json.loads(call.arguments)["city"], "text": second.output_text}


def responses_structured(client, model):
    return client.responses.parse(model=model, input=MESSAGES, text_format=Person).output_parsed.model_dump()


def embeddings(client, model, texts):
    return [len(each.embedding) for each in client.embeddings.create(model=model, input=texts).data]


def speech(client, model):
    with client.audio.speech.with_streaming_response.create(model=model, input="two words", voice="alloy", response_format="mp3") as answer:
        return sum(len(piece) for piece in answer.iter_bytes())


def transcription(client, model, sound):
    return client.audio.transcriptions.create(model=model, file=("sound.wav", base64.b64decode(sound))).text


def images(client, model):
    answer = client.images.generate(model=model, prompt="a red dot", n=1, response_format="b64_json")
    return [len(each.b64_json) for each in answer.data]


CALLS = {
    "chat": chat,
    "tools": tools,
    "toolsStream": tools_stream,
    "structured": structured,
    "models": models,
    "model": model,
    "responses": responses,
    "responsesStream": responses_stream,
    "responsesTools": responses_tools,
    "responsesStructured": responses_structured,
    "embeddings": embeddings,
    "speech": speech,
    "transcription": transcription,
    "images": images,
}


def tell(**line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def answer(line):
    number, name, to = line["id"], line["call"], line["to"]
    try:
        if name == "stream":
            async with AsyncOpenAI(**to) as client:
                value = await stream(client, lambda text: tell(id=number, text=text), *line["arguments"])
        else:
            with OpenAI(**to) as client:
                value = await asyncio.to_thread(CALLS[name], client, *line["arguments"])
        tell(id=number, value=value)
    except asyncio.CancelledError:
        tell(id=number, aborted=True)
    except APIError as error:
        told = {"message": error.message, "status": int(error.code) if error.code else None}
        if isinstance(error, APIStatusError):
            told |= {"status": error.status_code, "retryAfter": error.response.headers.get("retry-after")}
        tell(id=number, error=told)
    except Exception as error:
        tell(id=number, error={"message": f"{type(error).__name__}: {error}"})


async def main():
    running = {}
    while line := await asyncio.to_thread(sys.stdin.readline):
        line = json.loads(line)
        if "abort" in line:
            running[line["abort"]].cancel()
        else:
            running[line["id"]] = asyncio.create_task(answer(line))


asyncio.run(main())
