import worker from "../../worker.js";

export const runtime = "edge";

export const GET = worker.fetch;
