// As much of React's types as a custom element meets, so that ours compile without React.
export interface HTMLAttributes<_Element> {
  className?: string;
  slot?: string;
}
export type DetailedHTMLProps<Attributes, Element> = Attributes & { ref?: (element: Element | null) => void; key?: string };
export namespace JSX {
  interface IntrinsicElements {
    div: DetailedHTMLProps<HTMLAttributes<HTMLDivElement>, HTMLDivElement>;
  }
}
