/* What a person does that `xdotool` cannot where there is no window manager: asks a window to close as
 * its cross does, and drags a folder out of another program. Never part of the product.
 *
 *   hand close WINDOW     sends the request to close, once
 *   hand drag URI X Y     opens a small window at X, Y from which URI can be dragged, until killed
 */
#include <gdk/gdkx.h>
#include <gtk/gtk.h>
#include <stdlib.h>
#include <string.h>

static int ask_to_close(Window window) {
    Display *display = GDK_DISPLAY_XDISPLAY(gdk_display_get_default());
    XEvent event = {0};
    event.xclient.type = ClientMessage;
    event.xclient.window = window;
    event.xclient.message_type = XInternAtom(display, "WM_PROTOCOLS", False);
    event.xclient.format = 32;
    event.xclient.data.l[0] = (long)XInternAtom(display, "WM_DELETE_WINDOW", False);
    event.xclient.data.l[1] = CurrentTime;
    XSendEvent(display, window, False, NoEventMask, &event);
    XSync(display, False);
    return 0;
}

static void give(GtkWidget *widget, GdkDragContext *context, GtkSelectionData *data, guint info,
                 guint time, gpointer uri) {
    (void)widget, (void)context, (void)info, (void)time;
    char *uris[] = {uri, NULL};
    gtk_selection_data_set_uris(data, uris);
}

int main(int n, char **words) {
    gtk_init(&n, &words);
    if (n == 3 && !strcmp(words[1], "close")) return ask_to_close(strtoul(words[2], NULL, 0));
    if (n != 5 || strcmp(words[1], "drag")) return 2;
    GtkWidget *window = gtk_window_new(GTK_WINDOW_TOPLEVEL), *box = gtk_event_box_new();
    gtk_window_set_title(GTK_WINDOW(window), "dragged from here");
    gtk_window_set_default_size(GTK_WINDOW(window), 60, 60);
    gtk_window_move(GTK_WINDOW(window), atoi(words[3]), atoi(words[4]));
    gtk_container_add(GTK_CONTAINER(window), box);
    gtk_drag_source_set(box, GDK_BUTTON1_MASK, NULL, 0, GDK_ACTION_COPY);
    gtk_drag_source_add_uri_targets(box);
    g_signal_connect(box, "drag-data-get", G_CALLBACK(give), words[2]);
    gtk_widget_show_all(window);
    gtk_main();
    return 0;
}
