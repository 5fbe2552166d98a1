"""Who a contact is: bound by a link in the chat, or by the signed-in app. Never by a number or a name."""
