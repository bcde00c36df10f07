// Keeps the end of the conversation in view while it grows, but only as long as the reader is there.

/** How near to the end still counts as being there, in CSS pixels. */
const NEAR = 48;

export class Follower {
  readonly #scroller: HTMLElement;
  readonly #jump: HTMLElement;
  #isFollowing = true;
  #lastTop = 0;

  constructor(scroller: HTMLElement, content: HTMLElement, jump: HTMLElement) {
    this.#scroller = scroller;
    this.#jump = jump;
    scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    jump.addEventListener("click", () => {
      this.showEnd();
      scroller.focus({ preventScroll: true });
    });
    const observer = new ResizeObserver(() => this.#onGrowth());
    observer.observe(content);
    observer.observe(scroller);
  }

  /** Goes to the end, and stays there. */
  showEnd(): void {
    this.#isFollowing = true;
    this.#onGrowth();
  }

  get #distance(): number {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  #onGrowth(): void {
    if (this.#isFollowing) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#update();
  }

  #onScroll(): void {
    const { scrollTop } = this.#scroller;
    const distance = this.#distance;
    // Up is away from the end at once, or growth would pull the reader back; but content that shrinks moves up too.
    if (scrollTop < this.#lastTop && distance > 1) this.#isFollowing = false;
    else if (distance <= NEAR) this.#isFollowing = true;
    this.#update();
  }

  #update(): void {
    this.#lastTop = this.#scroller.scrollTop;
    this.#jump.hidden = this.#isFollowing || this.#distance <= NEAR;
  }
}
