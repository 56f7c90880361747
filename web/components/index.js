/** Defines the custom elements; `configure` gives all of a page their connection. */
import { define } from "./base/element.js";
import { ParleyComposer } from "./composer/composer.js";
import { ParleyThread } from "./thread/thread.js";

export { configure } from "./base/element.js";
export { ParleyComposer, ParleyThread };

define("parley-thread", ParleyThread);
define("parley-composer", ParleyComposer);

export { ParleyChat } from "./chat/chat.js";
export { ParleyDetails } from "./chat/details.js";
export { ParleyDesk } from "./desk/desk.js";
export { ParleyInbox } from "./inbox/inbox.js";
export { ParleyMessageButton } from "./notify/message-button.js";
export { ParleyNotifications } from "./notify/notifications.js";
export { ParleyPresence } from "./notify/presence.js";
export { ParleyToasts } from "./notify/toasts.js";
export { ParleyUnread } from "./notify/unread.js";
export { ParleySupport } from "./support/support.js";
