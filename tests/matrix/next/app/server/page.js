import { answer } from "../../main.js";

export default async function Page({ searchParams }) {
  return <output id="answer">{await answer(await searchParams)}</output>;
}
