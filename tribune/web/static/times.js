// Shows times in the reader's own zone; UTC stays as the title. Without a script the page shows UTC.
for (const element of document.querySelectorAll("time[datetime]")) {
  const time = new Date(element.dateTime);
  element.title = element.textContent;
  element.textContent = time.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "medium" });
}
