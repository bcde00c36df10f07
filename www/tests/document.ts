// As much of a document as the page's Markdown needs, to look at what it makes in Node.

class FakeNode {
  parent: FakeElement | undefined;
  remove(): void {
    if (this.parent) this.parent.children = this.parent.children.filter((child) => child !== this);
  }
  replaceWith(other: FakeNode): void {
    if (!this.parent) return;
    other.parent = this.parent;
    this.parent.children = this.parent.children.map((child) => (child === this ? other : child));
  }
}

class FakeText extends FakeNode {
  textContent: string;
  constructor(textContent: string) {
    super();
    this.textContent = textContent;
  }
  get html(): string {
    return this.textContent.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  }
}

export class FakeElement extends FakeNode {
  readonly tag: string;
  readonly attributes = new Map<string, string>();
  children: (FakeElement | FakeText)[] = [];

  constructor(tag: string) {
    super();
    this.tag = tag;
  }
  append(...children: (FakeElement | FakeText | string)[]): void {
    for (const child of children) {
      const node = typeof child === "string" ? new FakeText(child) : child;
      node.parent = this;
      this.children.push(node);
    }
  }
  replaceChildren(): void {
    this.children = [];
  }
  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }
  addEventListener(): void {}
  querySelector(tag: string): FakeElement | undefined {
    return this.elements.find((element) => element.tag === tag);
  }
  get dataset(): { lang: string | undefined } {
    return { lang: this.attributes.get("data-lang") };
  }
  get textContent(): string {
    return this.children.map(({ textContent }) => textContent).join("");
  }
  /** This element's descendants. */
  get elements(): FakeElement[] {
    return this.children.flatMap((child) => (child instanceof FakeElement ? [child, ...child.elements] : []));
  }
  get html(): string {
    const attributes = [...this.attributes].map(([name, value]) => ` ${name}="${value}"`).join("");
    return `<${this.tag}${attributes}>${this.children.map(({ html }) => html).join("")}</${this.tag}>`;
  }
}

Object.assign(globalThis, {
  HTMLElement: FakeElement,
  document: {
    createElement: (tag: string) => new FakeElement(tag),
    createTextNode: (text: string) => new FakeText(text),
  },
});
