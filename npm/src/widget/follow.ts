// Keeps the end of the conversation in view while it grows, but only as long as the reader is there.

/** How near to the end still counts as being there, in CSS pixels. */
const NEAR = 64;

export class Follower {
  readonly #scroller: HTMLElement;
  readonly #content: HTMLElement;
  readonly #jump: HTMLElement;
  readonly #observer = new ResizeObserver(() => this.#onGrowth());
  #isFollowing = true;
  /** Where we have scrolled to ourselves. */
  #expectedTop = 0;
  #lastTop = 0;
  #lastHeight = 0;
  #touchY = 0;

  constructor(scroller: HTMLElement, content: HTMLElement, jump: HTMLElement) {
    this.#scroller = scroller;
    this.#content = content;
    this.#jump = jump;
    const passive = { passive: true };
    scroller.addEventListener("scroll", () => this.#onScroll(), passive);
    // The reader's will is known before the page has moved, and growth in between must not take it back.
    scroller.addEventListener("wheel", ({ deltaY }) => deltaY < 0 && this.#leave(), passive);
    scroller.addEventListener("touchstart", ({ touches }) => (this.#touchY = touches[0]?.clientY ?? 0), passive);
    scroller.addEventListener("touchmove", ({ touches }) => (touches[0]?.clientY ?? 0) > this.#touchY && this.#leave(), passive);
    scroller.addEventListener("keydown", ({ key }) => ["ArrowUp", "PageUp", "Home"].includes(key) && this.#leave());
    jump.addEventListener("click", () => {
      this.showEnd();
      scroller.focus({ preventScroll: true });
    });
    this.#observer.observe(content);
    this.#observer.observe(scroller);
  }

  /** Goes to the end, and stays there. */
  showEnd(): void {
    this.#isFollowing = true;
    this.#onGrowth();
  }

  disconnect(): void {
    this.#observer.disconnect();
  }

  get #distance(): number {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  #leave(): void {
    if (this.#scroller.scrollTop <= 0) return;
    this.#isFollowing = false;
    this.#update();
  }

  #onGrowth(): void {
    // How much of the conversation is to be seen, for what the style sheet makes of it.
    this.#content.style.setProperty("--viewport", `${this.#scroller.clientHeight}px`);
    const { scrollHeight } = this.#scroller;
    if (this.#isFollowing) {
      this.#scroller.scrollTop = scrollHeight;
      this.#expectedTop = this.#scroller.scrollTop;
    } else if (scrollHeight > this.#lastHeight) {
      this.#jump.toggleAttribute("data-unread", true);
    }
    this.#lastHeight = scrollHeight;
    this.#update();
  }

  #onScroll(): void {
    const { scrollTop, scrollHeight } = this.#scroller;
    if (Math.abs(scrollTop - this.#expectedTop) <= 1) return this.#update();
    // Content that shrinks moves up too, and then it was nobody's will.
    if (this.#isFollowing && scrollHeight !== this.#lastHeight) return this.#onGrowth();
    this.#expectedTop = -1;
    const distance = this.#distance;
    if (scrollTop < this.#lastTop && distance > 1) this.#isFollowing = false;
    else if (scrollTop > this.#lastTop && distance <= NEAR) this.#isFollowing = true;
    this.#update();
  }

  #update(): void {
    this.#lastTop = this.#scroller.scrollTop;
    const isAtEnd = this.#isFollowing || this.#distance <= NEAR;
    this.#jump.hidden = isAtEnd;
    if (isAtEnd) this.#jump.toggleAttribute("data-unread", false);
  }
}
