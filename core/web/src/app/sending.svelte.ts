import { sentence } from "./api";

/** A form on its way to the server: whether it is under way, and why it was refused. */
export class Sending {
  busy = $state(false);
  problem = $state("");

  /** What a form does when it is submitted, or a button of it pressed: `work`, which throws what the server has against it, and once at a time. */
  by(work: () => Promise<void>) {
    return async (event: Event): Promise<void> => {
      event.preventDefault();
      if (this.busy) return;
      this.busy = true;
      this.problem = "";
      try {
        await work();
      } catch (error) {
        this.problem = sentence(error);
      } finally {
        this.busy = false;
      }
    };
  }
}
