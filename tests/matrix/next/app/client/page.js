"use client";

import { useEffect, useState } from "react";
import { answer } from "../../main.js";

export default function Page() {
  const [shown, show] = useState();
  useEffect(() => {
    answer(location.search).then(
      (text) => show({ id: "answer", text }),
      (error) => show({ id: "failure", text: `${error}\n${error?.stack}` }),
    );
  }, []);
  return shown && <output id={shown.id}>{shown.text}</output>;
}
