/** Deliveries that were acted on, with the answer that was given: a repeat gets the same answer and no second effect. */
import type { TenantId } from '../../domain/model/ids.ts';
import type { Inbox } from '../../domain/ports.ts';
import type { PlainModels } from './plain.ts';
import { isDuplicate, keyOf } from './record.ts';

/** The inbox over its collection; entries go after a day. */
export const inboxOf = ({ inbox: model }: PlainModels, tenant: TenantId): Inbox => ({
  async claim(delivery) {
    try {
      await model.create({ _id: keyOf(tenant, delivery), reply: null, at: new Date() });
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  },
  async answer(delivery, reply) {
    await model.updateOne({ _id: keyOf(tenant, delivery) }, { $set: { reply } });
  },
  async answered(delivery) {
    return (await model.findById(keyOf(tenant, delivery)).lean())?.reply ?? null;
  },
});
