// Rust cannot define a class that extends Error.

/**
 * Why a call failed. `code` never changes its meaning; `message` is for people and holds no key, prompt or answer.
 * See types.d.ts for each property.
 */
export class OpenRouterError extends Error {
  constructor({ message, cause, ...properties }) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, properties);
  }

  get name() {
    return "OpenRouterError";
  }
}

export const openRouterError = (properties, cause) => new OpenRouterError({ ...JSON.parse(properties), cause });
