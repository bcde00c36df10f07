// Which of our types is which of OpenRouter's document: a request is what users write, an answer what they read.
import type * as Ours from "openrouter-wasm";
import type { components, operations } from "./openapi";

type Schemas = components["schemas"];
type Body<Name extends keyof operations> = operations[Name] extends { requestBody?: { content: { "application/json": infer Sent } } } ? Sent : never;
type Answer<Name extends keyof operations> = operations[Name] extends { responses: { 200: { content: { "application/json": infer Given } } } } ? Given : never;
type Query<Name extends keyof operations> = operations[Name] extends { parameters: { query?: infer Asked } } ? NonNullable<Asked> : never;

export interface Requests {
  ChatRequest: [Ours.ChatRequest, Schemas["ChatRequest"]];
  ResponsesRequest: [Ours.ResponsesRequest, Schemas["ResponsesRequest"]];
  MessagesRequest: [Ours.MessagesRequest, Schemas["MessagesRequest"]];
  EmbeddingsRequest: [Ours.EmbeddingsRequest, Body<"createEmbeddings">];
  RerankRequest: [Ours.RerankRequest, Body<"createRerank">];
  ImagesRequest: [Ours.ImagesRequest, Schemas["ImageGenerationRequest"]];
  SpeechRequest: [Ours.SpeechRequest, Schemas["SpeechRequest"]];
  TranscriptionRequest: [Ours.TranscriptionRequest, Schemas["STTRequest"]];
  ModelsQuery: [Ours.ModelsQuery, Query<"getModels">];
}

export interface Answers {
  ChatCompletion: [Ours.ChatCompletion, Schemas["ChatResult"]];
  ChatCompletionChunk: [Ours.ChatCompletionChunk, Schemas["ChatStreamChunk"]];
  ResponsesResult: [Ours.ResponsesResult, Schemas["OpenResponsesResult"]];
  ResponsesEvent: [Ours.ResponsesEvent, Schemas["StreamEvents"]];
  MessagesResult: [Ours.MessagesResult, Schemas["MessagesResult"]];
  MessagesEvent: [Ours.MessagesEvent, Schemas["MessagesStreamEvents"]];
  Embeddings: [Ours.Embeddings, Answer<"createEmbeddings">];
  Reranking: [Ours.Reranking, Answer<"createRerank">];
  Images: [Ours.Images, Schemas["ImageGenerationResponse"]];
  ImageEvent: [Ours.ImageEvent, Schemas["ImageStreamingResponse"]["data"]];
  Transcription: [Ours.Transcription, Schemas["STTResponse"]];
  ModelList: [Ours.ModelList, Answer<"getModels">];
  ModelEndpoints: [Ours.ModelEndpoints, Answer<"listEndpoints">["data"]];
  Provider: [Ours.Provider, Answer<"listProviders">["data"][number]];
  KeyInfo: [Ours.KeyInfo, Answer<"getCurrentKey">["data"]];
  Generation: [Ours.Generation, Answer<"getGeneration">["data"]];
}
