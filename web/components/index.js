/** Defines the custom elements; `configure` gives all of a page their connection. */
import { define, onStore } from "./base/element.js";
import { ParleyComposer } from "./composer/composer.js";
import { begin } from "./notify/rules.js";
import { ParleyThread } from "./thread/thread.js";

export { configure } from "./base/element.js";
export { customize } from "./base/own.js";
export { ParleyComposer, ParleyThread };

onStore(begin);
define("parley-thread", ParleyThread);
define("parley-composer", ParleyComposer);

export { ParleyAdmin } from "./admin/admin.js";
export { ParleyCalls } from "./calls/calls.js";
export { ParleyChat } from "./chat/chat.js";
export { ParleyDetails } from "./chat/side.js";
export { ParleyDesk } from "./desk/desk.js";
export { ParleyInbox } from "./inbox/inbox.js";
export { ParleyMessageButton } from "./notify/message-button.js";
export { ParleyNotifications } from "./notify/notifications.js";
export { ParleyPresence } from "./notify/presence.js";
export { ParleyToasts } from "./notify/toasts.js";
export { ParleyUnread } from "./notify/unread.js";
export { ParleySettings } from "./settings/settings.js";
export { ParleySupport } from "./support/support.js";
