/** The words of articles: they come with the first form for a request. @type {import("../components/base/languages.js").Words} */
export default {
  articles: "Articles",
  help_search: "Search for help",
  help_found: { one: "{count} article found", other: "{count} articles found" },
  help_back: "Back to the search",
  articles_help: "These articles may help",
  articles_found: { one: "{count} article may help", other: "{count} articles may help" },
  article_back: "Back to my request",
  article_helped: "Did this help?",
  article_yes: "Yes",
  article_no: "No",
  article_thanks_yes: "Thank you.",
  article_thanks_no: "Thank you. Send your request, and we will help you.",
  article_solved: "My problem is solved",
  article_done: "Good that it is solved. Thank you!",
  article_done_hint: "Your request was not sent. It is kept until you close it.",
  article_close: "Close my request",
  error_sent_before:
    "Your request was sent before you changed it; it is in the list. Send this text, too, if it is another request.",
};
