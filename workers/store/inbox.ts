/** Deliveries that were acted on, with the answer that was given: a repeat gets the same answer and no second effect. */
import type { Inbox } from '../../domain/ports.ts';
import type { PlainModels } from './plain.ts';
import { isDuplicate } from './record.ts';

/** The inbox over its collection; entries go after a day. */
export const inboxOf = ({ inbox: model }: PlainModels): Inbox => ({
  async claim(delivery) {
    try {
      await model.create({ _id: delivery, reply: null, at: new Date() });
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  },
  async answer(delivery, reply) {
    await model.updateOne({ _id: delivery }, { $set: { reply } });
  },
  async answered(delivery) {
    return (await model.findById(delivery).lean())?.reply ?? null;
  },
});
